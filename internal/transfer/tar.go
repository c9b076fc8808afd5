package transfer

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Backups are tar archives: ustar, with long names as GNU tar or POSIX (pax) have them. That is what sysupgrade, BusyBox and GNU
// tar write. archive/tar would read sparse files too, and would look up owners' names: 60 KB of the program.

const tarBlock = 512

var errTar = errors.New("not a tar archive")

// A tarMember is a file as an archive tells of it.
type tarMember struct {
	name string
	kind byte // tarFile, tarDir, or what is none of ours
	mode int64
	size int64
	data []byte
}

const (
	tarFile = '0'
	tarDir  = '5'
)

// tarReader reads an archive from its beginning to its end.
type tarReader struct{ r io.Reader }

// next is the next member, with its data; io.EOF comes after the last one. Notes about members are read, and not returned.
func (t *tarReader) next() (tarMember, error) {
	name, size := "", int64(-1)
	for {
		m, err := t.header()
		if err != nil {
			return m, err
		}
		switch m.kind {
		case 'L', 'K', 'x', 'g':
			note, err := t.content(m.size)
			if m.kind == 'x' && err == nil {
				name, size, err = paxNote(note)
			}
			if m.kind == 'L' {
				name = cText(note)
			}
			if err != nil {
				return m, err
			}
			continue
		}
		if name != "" {
			m.name = name
		}
		if size >= 0 {
			m.size = size
		}
		if m.kind == tarFile && strings.HasSuffix(m.name, "/") {
			m.kind = tarDir // as older archives have them
		}
		if m.kind == tarDir {
			m.size = 0
		}
		m.data, err = t.content(m.size)
		return m, err
	}
}

// header reads one header: a block with a checksum. Two blocks of zeros end the archive.
func (t *tarReader) header() (m tarMember, err error) {
	b := make([]byte, tarBlock)
	for zeros := 0; ; zeros++ {
		if _, err := io.ReadFull(t.r, b); err != nil {
			return m, err
		}
		if len(bytes.Trim(b, "\x00")) > 0 {
			if zeros > 0 {
				return m, errTar
			}
			break
		}
		if zeros == 1 {
			return m, io.EOF
		}
	}
	sum := int64(0)
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
	}
	if want, ok := octal(b[148:156]); !ok || want != sum {
		return m, errTar
	}
	mode, ok := octal(b[100:108])
	size, ok2 := octal(b[124:136])
	if !ok || !ok2 {
		return m, errTar
	}
	m = tarMember{name: cText(b[:100]), kind: b[156], mode: mode, size: size}
	if m.kind == 0 {
		m.kind = tarFile
	}
	if prefix := cText(b[345:500]); prefix != "" && string(b[257:263]) == "ustar\x00" {
		m.name = prefix + "/" + m.name
	}
	return m, nil
}

// content reads what follows a header, up to the end of its last block.
func (t *tarReader) content(size int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(t.r, size))
	if err == nil && int64(len(data)) < size {
		err = io.ErrUnexpectedEOF
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, t.r, -size&(tarBlock-1))
	}
	if errors.Is(err, io.EOF) {
		err = nil // the end of the archive, which the next header meets again
	}
	return data, err
}

// paxNote reads the records of POSIX, "LENGTH KEY=VALUE\n" each; size is -1 where there is none.
func paxNote(note []byte) (name string, size int64, err error) {
	size = -1
	for rest := string(note); rest != ""; {
		digits, _, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || int(n) <= len(digits)+1 || int(n) > len(rest) || rest[n-1] != '\n' {
			return "", 0, errTar
		}
		key, value, ok := strings.Cut(rest[len(digits)+1:n-1], "=")
		rest = rest[n:]
		switch {
		case !ok || strings.HasPrefix(key, "GNU.sparse."), strings.ContainsRune(value, 0):
			return "", 0, errTar
		case key == "path":
			name = value
		case key == "size" && value != "":
			if size, err = strconv.ParseInt(value, 10, 64); err != nil || size < 0 {
				return "", 0, errTar
			}
		}
	}
	return name, size, nil
}

func octal(field []byte) (int64, bool) {
	text := strings.Trim(string(field), " \x00")
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(text, 8, 63)
	return int64(n), err == nil
}

func cText(b []byte) string {
	text, _, _ := strings.Cut(string(b), "\x00")
	return text
}
