package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cwmpd/cwmpd/internal/state"
)

// reloadOrder is the order routers need: what others are built on goes first. Packages not in it go last, by name.
var reloadOrder = []string{"system", "network", "wireless", "dhcp", "firewall"}

// owed is the set of packages whose reload a commit promised and nobody has sent yet. It is on flash, so that a reload
// survives a crash between commit and Apply.
type owed struct {
	mu       sync.Mutex
	packages map[string]uint64 // how often a commit asked for it: one that asks while Apply runs is not forgotten
}

func (o *owed) add(packages []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.packages == nil {
		o.packages = map[string]uint64{}
	}
	for _, p := range packages {
		o.packages[p]++
	}
}

// lacks tells whether any of packages is not on the list yet.
func (o *owed) lacks(packages []string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(packages, func(p string) bool { return o.packages[p] == 0 })
}

// with is the list as it will be with packages on it.
func (o *owed) with(packages []string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := append(sortedKeys(o.packages), packages...)
	slices.SortFunc(all, byReloadOrder)
	return slices.Compact(all)
}

// count tells how often a package was asked for.
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
		if i := slices.Index(reloadOrder, pkg); i >= 0 {
			return i
		}
		return len(reloadOrder)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

// Owed lists the packages whose reload is owed, in the order of Apply.
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
		f, err := t.cfg.Store.File(owedFile, t.owed.with(packages))
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

// Apply sends the reloads that commits have left owed, each once, in the order that routers need, and forgets those that
// were sent. It goes on after an error and returns all.
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
	return t.cfg.Store.Save(owedFile, t.owed.with(nil))
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
