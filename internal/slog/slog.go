// Package slog writes the log: lines of key=value, as log/slog's TextHandler writes them without the time, which logd adds.
// What the program uses of log/slog is called as it is there. That one draws in encoding/json, whoever uses it: 250 kB of a
// program that must fit into small flashes.
package slog

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// A Level says how much a line matters.
type Level int32

const (
	LevelDebug Level = -4
	LevelInfo  Level = 0
	LevelWarn  Level = 4
	LevelError Level = 8
)

// Level makes a Level a Leveler.
func (l Level) Level() Level { return l }

func (l Level) String() string {
	switch l {
	case LevelDebug:
		return "DEBUG"
	case LevelWarn:
		return "WARN"
	case LevelError:
		return "ERROR"
	}
	return "INFO"
}

// A Leveler tells which lines are written: those of its level and above.
type Leveler interface{ Level() Level }

// A LevelVar is a Leveler that may be changed at any time; the zero one is LevelInfo.
type LevelVar struct{ value atomic.Int32 }

// Level is the level of now.
func (v *LevelVar) Level() Level { return Level(v.value.Load()) }

// Set changes the level.
func (v *LevelVar) Set(l Level) { v.value.Store(int32(l)) }

// UnmarshalText reads the name of a level.
func (v *LevelVar) UnmarshalText(text []byte) error {
	for _, l := range [...]Level{LevelDebug, LevelInfo, LevelWarn, LevelError} {
		if strings.EqualFold(string(text), l.String()) {
			v.Set(l)
			return nil
		}
	}
	return errors.New("unknown level " + strconv.Quote(string(text)))
}

// A Valuer says how a value is shown in a log.
type Valuer interface{ LogValue() string }

// A Logger writes lines that begin alike. It may be used by several goroutines.
type Logger struct {
	out   *sink
	attrs string // of With, each behind a blank
}

type sink struct {
	sync.Mutex
	w     io.Writer
	level Leveler
}

// New writes to w what matters as much as level, nil means LevelInfo.
func New(w io.Writer, level Leveler) *Logger {
	if level == nil {
		level = LevelInfo
	}
	return &Logger{out: &sink{w: w, level: level}}
}

// Discard is a Logger of which nothing is seen.
func Discard() *Logger { return New(io.Discard, Level(127)) }

// With is a Logger whose lines hold these keys and values, too.
func (l *Logger) With(args ...any) *Logger {
	return &Logger{out: l.out, attrs: l.attrs + string(appendArgs(nil, args))}
}

func (l *Logger) Debug(msg string, args ...any) { l.write(LevelDebug, msg, args) }
func (l *Logger) Info(msg string, args ...any)  { l.write(LevelInfo, msg, args) }
func (l *Logger) Warn(msg string, args ...any)  { l.write(LevelWarn, msg, args) }
func (l *Logger) Error(msg string, args ...any) { l.write(LevelError, msg, args) }

// Log is one of the four above.
func (l *Logger) Log(_ context.Context, level Level, msg string, args ...any) {
	l.write(level, msg, args)
}

func (l *Logger) write(level Level, msg string, args []any) {
	if level < l.out.level.Level() {
		return
	}
	b := append(appendValue([]byte("level="+level.String()+" msg="), msg), l.attrs...)
	b = append(appendArgs(b, args), '\n')
	l.out.Lock()
	defer l.out.Unlock()
	_, _ = l.out.w.Write(b) // whom should we tell
}

func appendArgs(b []byte, args []any) []byte {
	for len(args) > 1 {
		key, _ := args[0].(string)
		b = appendValue(append(append(append(b, ' '), key...), '='), text(args[1]))
		args = args[2:]
	}
	return b
}

// text is how log/slog shows a value.
func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case error:
		return x.Error()
	case Valuer:
		return x.LogValue()
	case time.Time:
		return x.Format("2006-01-02T15:04:05.000Z07:00")
	case encoding.TextMarshaler:
		if t, err := x.MarshalText(); err == nil {
			return string(t)
		}
	}
	return fmt.Sprintf("%+v", v)
}

// appendValue quotes what would not be read back as one value.
func appendValue(b []byte, s string) []byte {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == '"' || r == '=' || r == unicode.ReplacementChar || !unicode.IsPrint(r)
	})
	if plain {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}
