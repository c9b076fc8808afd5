package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	commandTime   = 60 * time.Second
	commandOutput = 64 << 10
)

// Command runs a program of the router with exactly these arguments: no shell, no environment of ours, 60 s, and at most
// 64 KiB of output are returned (stdout and stderr together). name is absolute as the router sees it.
func (b *Box) Command(ctx context.Context, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	out := &limited{max: commandOutput}
	cmd := b.command(ctx, name, args)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return out.buf.Bytes(), fmt.Errorf("run %s: %w", name, err)
	}
	return out.buf.Bytes(), nil
}

func (b *Box) command(ctx context.Context, name string, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.Path(name), args...)
	cmd.Dir = b.Root
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp"}
	// A session of its own: what it starts (sysupgrade's children) must not die with us, and a deadline kills them all.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// limited keeps the first max bytes and swallows the rest, so that a talkative program still ends.
type limited struct {
	buf bytes.Buffer
	max int
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.max - l.buf.Len(); room > 0 {
		l.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// Reboot asks the box to reboot. On a router this process is stopped soon after.
func (b *Box) Reboot(ctx context.Context) error {
	b.log.Info("reboot")
	_, err := b.Command(ctx, "/sbin/reboot")
	return err
}

// FactoryReset wipes the overlay and reboots. It fails on images that have none (ext4, initramfs).
func (b *Box) FactoryReset(ctx context.Context) error {
	b.log.Info("factory reset")
	_, err := b.Command(ctx, "/sbin/factoryreset", "-y", "-r")
	return err
}

// An ImageError is sysupgrade's refusal of an image; Output is what it printed, for the log.
type ImageError struct{ Output string }

func (e *ImageError) Error() string { return "sysupgrade refuses the image" }

// TestImage asks sysupgrade whether the image at path (absolute as the router sees it) may be written to this box.
func (b *Box) TestImage(ctx context.Context, path string) error {
	out, err := b.Command(ctx, "/sbin/sysupgrade", "-T", path)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &ImageError{Output: string(bytes.TrimSpace(out))}
	}
	return err
}

// Upgrade writes the image at path and reboots; keep says whether the configuration survives. On success the box goes down
// within seconds, so that whatever must be known afterwards is on flash before this is called. An error with time left to
// report it means that nothing was written.
func (b *Box) Upgrade(ctx context.Context, path string, keep bool) error {
	var args []string
	if !keep {
		args = append(args, "-n")
	}
	cmd := b.command(context.WithoutCancel(ctx), "/sbin/sysupgrade", append(args, path))
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, null
	b.log.Info("sysupgrade", "image", path, "keep", keep)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run sysupgrade: %w", err)
	}
	return nil
}

// SaveBackup writes the backup that `sysupgrade -b` makes into the file tgz, a path as the router sees it.
func (b *Box) SaveBackup(ctx context.Context, tgz string) error {
	_, err := b.Command(ctx, "/sbin/sysupgrade", "-b", tgz)
	return err
}

// RestoreBackup unpacks a configuration backup as `sysupgrade -r` does. It takes effect at the next boot.
func (b *Box) RestoreBackup(ctx context.Context, tgz string) error {
	_, err := b.Command(ctx, "/sbin/sysupgrade", "-r", tgz)
	return err
}
