package transfer

import (
	"encoding/binary"
	"io"
	"os"
	"strings"

	"github.com/cwmpd/cwmpd/internal/json"
)

// OpenWrt appends blocks to its images: data, then a trailer of 16 bytes with the length of both. The type 1 holds
// JSON with the version, after 8 bytes of header; a signature (type 0) may come after it.
const (
	trailerLen   = 16
	trailerMagic = 0x46577830 // "FWx0"
	typeInfo     = 1
	headerLen    = 8
	maxInfo      = 64 << 10
	maxBlocks    = 8
)

// imageVersion is the firmware version that an image says it holds, as Queue.version would name it when it runs. It is
// "" where the image says nothing. Nothing but a comparison depends on it: sysupgrade has judged the image itself.
func imageVersion(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return ""
	}
	end := fi.Size()
	for range maxBlocks {
		var t [trailerLen]byte
		if end < trailerLen {
			return ""
		}
		if _, err := f.ReadAt(t[:], end-trailerLen); err != nil || binary.BigEndian.Uint32(t[0:]) != trailerMagic {
			return ""
		}
		size := int64(binary.BigEndian.Uint32(t[12:]))
		if size < trailerLen || size > end {
			return ""
		}
		if t[8] == typeInfo {
			return infoVersion(io.NewSectionReader(f, end-size, size-trailerLen))
		}
		end -= size
	}
	return ""
}

func infoVersion(r *io.SectionReader) string {
	if r.Size() <= headerLen || r.Size() > maxInfo {
		return ""
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return ""
	}
	var info struct {
		Version struct{ Version, Revision string }
	}
	text := strings.TrimRight(string(data[headerLen:]), "\x00\n")
	if json.Unmarshal([]byte(text), &info) != nil {
		return ""
	}
	return versionText(info.Version.Version, info.Version.Revision)
}
