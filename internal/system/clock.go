package system

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// earliest is before every release this program can run on: a clock that shows less was never set.
var earliest = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// Now returns the wall clock in the router's own time zone.
func (b *Box) Now() time.Time { return b.now().In(b.Location()) }

// ClockSet reports whether the wall clock can be believed (K-5). Routers have no battery: after power-up the clock stands
// at the newest file's date until NTP has answered.
func (b *Box) ClockSet() bool {
	now := b.now()
	if now.Before(earliest) {
		return false
	}
	if st, err := os.Stat(b.Path("/etc/openwrt_release")); err == nil && now.Before(st.ModTime().Add(-24*time.Hour)) {
		return false
	}
	if !b.Real() || b.Uptime() > 10*time.Minute {
		return true // without NTP the kernel never says "synchronised"; do not distrust a clock set by hand for ever
	}
	var tx unix.Timex
	state, err := unix.Adjtimex(&tx)
	return err != nil || (state != unix.TIME_ERROR && tx.Status&unix.STA_UNSYNC == 0)
}

// DateTime is the local time with its offset; while nobody has set the clock, the time since boot without one; and "" when
// that is unknown too (TR-069 A.2, R-5).
func (b *Box) DateTime() string {
	if b.ClockSet() {
		return b.Now().Format("2006-01-02T15:04:05Z07:00")
	}
	if up := b.Uptime(); up > 0 {
		return time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Add(up).Format("2006-01-02T15:04:05")
	}
	return ""
}

// WatchClock calls stepped each time the wall clock is set rather than slewed (NTP's first answer, a person), until ctx
// ends. Timers of Go run on the monotonic clock and do not notice.
func (b *Box) WatchClock(ctx context.Context, stepped func()) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_REALTIME, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "timerfd")
	defer f.Close()
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	arm := func() (err error) {
		// A day ahead: a 32-bit router counts seconds only to 2038, and a clock that was never set may show anything.
		far := unix.ItimerSpec{Value: unix.NsecToTimespec(time.Now().Add(24 * time.Hour).UnixNano())}
		if closed := raw.Control(func(fd uintptr) {
			err = unix.TimerfdSettime(int(fd), unix.TFD_TIMER_ABSTIME|unix.TFD_TIMER_CANCEL_ON_SET, &far, nil)
		}); closed != nil {
			return closed
		}
		return err
	}
	if err := arm(); err != nil {
		return unlessDone(ctx, err)
	}
	buf := make([]byte, 8)
	for ctx.Err() == nil {
		_, err := f.Read(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !errors.Is(err, unix.ECANCELED) {
			return err
		}
		if errors.Is(err, unix.ECANCELED) {
			stepped()
		}
		if err := arm(); err != nil {
			return unlessDone(ctx, err)
		}
	}
	return nil
}

// unlessDone drops the error that comes of the end of ctx.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
