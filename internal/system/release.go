package system

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// adviseDontNeed is MADV_DONTNEED of madvise(2).
const adviseDontNeed = 4

// ReleaseProgram gives the pages of the program itself back to the kernel, which has them in its cache of files and in the
// file: what is needed is mapped again when it is. What the kernel maps around each page that is touched makes nearly all of a
// program resident, 10 MB on a router of 64; between sessions hardly a tenth of it is used, and pages that nobody has mapped are
// the first that a router short of memory can do without.
func ReleaseProgram() {
	pc, _, _, _ := runtime.Caller(0)
	file, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer file.Close()
	fixed := linkedToAddress()
	inode := "" // of the program
	for lines := bufio.NewScanner(file); lines.Scan(); {
		m := parseMapping(lines.Text())
		if m.perms == "r-xp" && m.start <= pc && pc < m.end {
			inode = m.inode
		}
		if inode != "" && m.inode == inode && (m.perms == "r-xp" || m.perms == "r--p" && fixed) {
			syscall.Syscall(syscall.SYS_MADVISE, m.start, m.end-m.start, adviseDontNeed)
		}
	}
}

// A mapping is a line of /proc/self/maps.
type mapping struct {
	start, end   uintptr
	perms, inode string
}

// parseMapping reads one; that of no file is empty.
func parseMapping(line string) mapping {
	fields := strings.Fields(line)
	if len(fields) < 6 {
		return mapping{}
	}
	from, to, _ := strings.Cut(fields[0], "-")
	start, err := strconv.ParseUint(from, 16, strconv.IntSize)
	end, err2 := strconv.ParseUint(to, 16, strconv.IntSize)
	if err != nil || err2 != nil || start >= end {
		return mapping{}
	}
	return mapping{uintptr(start), uintptr(end), fields[1], fields[3] + " " + fields[4]} // an inode is one of its device
}

// linkedToAddress reports whether the program has its place in memory by its file (ET_EXEC). Nobody has changed its constants
// then; a program that is moved has been relocated, and what was written would be lost.
func linkedToAddress() bool {
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		return false
	}
	defer file.Close()
	var head [18]byte
	if n, err := file.Read(head[:]); n < len(head) || err != nil {
		return false
	}
	return bytes.Equal(head[16:], []byte{2, 0}) || bytes.Equal(head[16:], []byte{0, 2})
}
