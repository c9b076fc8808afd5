package transfer

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ours and theirs read a whole archive: with the reader here, and with Go's own.
func ours(data []byte) (string, error) {
	var b strings.Builder
	t := tarReader{bytes.NewReader(data)}
	for {
		m, err := t.next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%q %c %o %q\n", m.name, m.kind, m.mode, m.data)
	}
}

func theirs(data []byte) (string, error) {
	var b strings.Builder
	t := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		content, err := io.ReadAll(io.LimitReader(t, 1<<20))
		if err != nil {
			return "", err
		}
		if len(content) == 1<<20 { // of a sparse file that says it is endless
			return "", errTar
		}
		if h.Typeflag != tar.TypeXGlobalHeader {
			fmt.Fprintf(&b, "%q %c %o %q\n", h.Name, h.Typeflag, h.Mode, content)
		}
	}
}

func tarOf(t testing.TB, format tar.Format, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i, name := range names {
		h := &tar.Header{Name: name, Mode: 0o640, Format: format, Typeflag: tar.TypeReg, Size: int64(i * 300)}
		if strings.HasSuffix(name, "/") {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(bytes.Repeat([]byte("x"), int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var tarNames = []string{"etc/", "./etc/config/system", "etc/" + strings.Repeat("d/", 60) + "file", "etc/x"}

func TestTarReadsWhatGoReads(t *testing.T) {
	archives := map[string][]byte{
		"ustar": tarOf(t, tar.FormatUSTAR, tarNames...),
		"pax":   tarOf(t, tar.FormatPAX, append(tarNames, "etc/ü", "etc/"+strings.Repeat("n", 200))...),
		"GNU":   tarOf(t, tar.FormatGNU, append(tarNames, "etc/"+strings.Repeat("n", 200))...),
		"empty": tarOf(t, tar.FormatUSTAR),
	}
	archives["without the zeros"] = bytes.TrimRight(archives["ustar"], "\x00")
	for name, data := range archives {
		want, err := theirs(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ours(data); got != want || err != nil {
			t.Errorf("%s: got %s%v, want %s", name, got, err, want)
		}
	}
}

// What sysupgrade -b writes is of the router's tar; this machine's stands for it, in each form that it knows.
func TestTarReadsWhatTarWrites(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("tar is not here")
	}
	dir := t.TempDir()
	long := filepath.Join(dir, "etc", strings.Repeat("l", 120))
	if err := errors.Join(os.MkdirAll(long, 0o755), os.WriteFile(filepath.Join(long, "file"), []byte("text\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"gnu", "oldgnu", "pax", "posix", "ustar"} {
		data, err := exec.Command("tar", "-C", dir, "--format="+format, "-cf", "-", "./etc").Output()
		if err != nil {
			t.Logf("%s: this tar does not write it: %v", format, err)
			continue
		}
		want, err := theirs(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ours(data); got != want || err != nil || !strings.Contains(got, `/file" 0 644 "text\n"`) {
			t.Errorf("%s: got %s%v, want %s", format, got, err, want)
		}
	}
}

func FuzzTar(f *testing.F) {
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		f.Add(tarOf(f, format, tarNames...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ours(data)
		if want, other := theirs(data); err == nil && other == nil && got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
