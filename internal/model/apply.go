package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cwmpd/cwmpd/internal/state"
)

// reloadOrder is the order routers need: what others are built on goes first. Packages not in it follow, by name, and
// errands are last: a service that is started finds the configuration as it is to be.
var reloadOrder = []string{"system", "network", "wireless", "dhcp", "firewall"}

// owed is what a commit promised and nobody has done yet: the packages that are to be reloaded, and errands. It is on
// flash, so that it survives a crash between commit and Apply.
//
// An errand has several words, what it is about and what is to be done: `/etc/init.d/log enable start` or
// `network.interface.wan down up`. Of those that begin with a slash the last about the same thing counts. The
// others are not on flash: what they do, a lost power does too.
type owed struct {
	mu       sync.Mutex
	asked    uint64
	packages map[string]uint64 // another number each time that a commit asks: one that asks while Apply runs is not forgotten
}

func (o *owed) add(packages []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.packages == nil {
		o.packages = map[string]uint64{}
	}
	for _, p := range packages {
		for other := range o.packages {
			if overtakes(p, other) {
				delete(o.packages, other)
			}
		}
		o.asked++
		o.packages[p] = o.asked
	}
}

func isErrand(name string) bool   { return strings.Contains(name, " ") }
func isFleeting(name string) bool { return isErrand(name) && name[0] != '/' }

// overtakes reports whether an errand takes the place of another one.
func overtakes(errand, other string) bool {
	about, _, _ := strings.Cut(errand, " ")
	return errand[0] == '/' && errand != other && strings.HasPrefix(other, about+" ")
}

// lacks tells whether any of packages is not on the flash yet, and has to be.
func (o *owed) lacks(packages []string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(packages, func(p string) bool { return o.packages[p] == 0 && !isFleeting(p) })
}

// with is the list as it will be with packages on it.
func (o *owed) with(packages []string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := sortedKeys(o.packages)
	for _, p := range packages {
		all = append(slices.DeleteFunc(all, func(other string) bool { return overtakes(p, other) }), p)
	}
	slices.SortFunc(all, byReloadOrder)
	return slices.Compact(all)
}

// kept is what of that is on flash.
func (o *owed) kept(packages []string) []string {
	return slices.DeleteFunc(o.with(packages), isFleeting)
}

// count tells when a package was asked for last, 0 for never.
func (o *owed) count(pkg string) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.packages[pkg]
}

// sent forgets a package unless it was asked for again since.
func (o *owed) sent(pkg string, count uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.packages[pkg] == count {
		delete(o.packages, pkg)
	}
}

func byReloadOrder(a, b string) int {
	rank := func(pkg string) int {
		if isErrand(pkg) {
			return len(reloadOrder) + 1
		}
		if i := slices.Index(reloadOrder, pkg); i >= 0 {
			return i
		}
		return len(reloadOrder)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// Owed lists what is owed, packages and errands, in the order of Apply.
func (t *Tree) Owed() []string { return t.owed.with(nil) }

// Owe commits files that no transaction made, with the reloads that they call for, as one: a power cut between file and
// reload leaves the reload owed. For packages that are ours none is.
func (t *Tree) Owe(packages []string, files []state.File) error {
	if t.cfg.Store == nil {
		return errors.New("there is no store to commit files to")
	}
	packages = slices.DeleteFunc(slices.Clone(packages), func(pkg string) bool { return slices.Contains(t.cfg.Own, pkg) })
	if err := t.takeDisk(context.Background()); err != nil {
		return err
	}
	defer t.leaveDisk()
	if t.owed.lacks(packages) {
		f, err := t.cfg.Store.File(owedFile, t.owed.kept(packages))
		if err != nil {
			return err
		}
		files = append(slices.Clone(files), f)
	}
	if err := t.cfg.Store.Commit(files...); err != nil {
		return err
	}
	t.owed.add(packages)
	t.commits.Add(1)
	return nil
}

// Apply sends the reloads and does the errands that commits have left owed, each once, in the order that routers need, and
// forgets those that were. It goes on after an error and returns all.
func (t *Tree) Apply(ctx context.Context) error {
	select {
	case t.applying <- struct{}{}:
		defer func() { <-t.applying }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var errs []error
	sent := false
	for _, pkg := range t.Owed() {
		if err := ctx.Err(); err != nil {
			errs = append(errs, err)
			break
		}
		count := t.owed.count(pkg)
		if count == 0 { // overtaken
			continue
		}
		if err := t.reload(ctx, pkg); err != nil {
			errs = append(errs, fmt.Errorf("reload %s: %w", pkg, err))
			continue
		}
		t.owed.sent(pkg, count)
		sent = true
	}
	if sent {
		errs = append(errs, t.saveOwed())
	}
	return errors.Join(errs...)
}

func (t *Tree) reload(ctx context.Context, pkg string) error {
	if t.cfg.Reload == nil {
		return nil
	}
	return t.cfg.Reload(ctx, pkg)
}

// saveOwed writes the list of what is still owed. It is written after the reloads, not before: one sent twice does no harm.
func (t *Tree) saveOwed() error {
	if t.cfg.Store == nil {
		return nil
	}
	if err := t.takeDisk(context.Background()); err != nil {
		return err
	}
	defer t.leaveDisk()
	return t.cfg.Store.Save(owedFile, t.owed.kept(nil))
}

// saveInstances writes the instance numbers where reading has given new ones.
func (t *Tree) saveInstances() error {
	if t.cfg.Store == nil || !t.instances.dirty() {
		return nil
	}
	if err := t.takeDisk(context.Background()); err != nil {
		return err
	}
	defer t.leaveDisk()
	saved, count := t.instances.snapshot(&overlay{})
	if err := t.cfg.Store.Save(instancesFile, saved); err != nil {
		return fmt.Errorf("save instance numbers: %w", err)
	}
	t.instances.wrote(count)
	return nil
}

// takeDisk waits for the right to make and write the tree's own files.
func (t *Tree) takeDisk(ctx context.Context) error {
	select {
	case t.disk <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *Tree) leaveDisk() { <-t.disk }
