package source

import "github.com/cwmpd/cwmpd/internal/kernel"

// Kernel is what the kernel says in this transaction; below a root that is not its own, the recordings there.
func (r *Reader) Kernel() *kernel.Kernel {
	if r.kern != nil {
		return r.kern
	}
	r.kern = &kernel.Kernel{Fail: func(kind string, err error) {
		if r.rt.quiet.first("kernel " + kind) {
			r.rt.log.Warn("the kernel's answer left out", "kind", kind, "error", err)
		}
	}}
	if r.rt.cfg.Root != "/" {
		r.kern.File = r.File
	}
	return r.kern
}
