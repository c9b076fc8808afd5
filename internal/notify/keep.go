package notify

import (
	"fmt"
	"maps"
)

// keptFile is the state file with the baseline of the ACS before, while a new one is on probation.
const keptFile = "baseline-before"

// Keep puts aside what the ACS knows, for Restore. It is on flash when Keep returns; what was put aside before is gone.
func (w *Watcher) Keep() error {
	w.mu.Lock()
	known := maps.Clone(w.baseline)
	w.mu.Unlock()
	if err := w.cfg.Store.Save(keptFile, known); err != nil {
		return fmt.Errorf("what the ACS knows: %w", err)
	}
	return nil
}

// Restore makes the ACS know again what it knew at the last Keep, and no more: what changed since is to be told. Parameters that
// are notified only since then stay as they are.
func (w *Watcher) Restore() error {
	known := map[string]string{}
	if err := w.cfg.Store.Load(keptFile, &known); err != nil {
		return fmt.Errorf("what the ACS knew: %w", err)
	}
	w.mu.Lock()
	maps.Copy(w.baseline, known)
	clear(w.own)
	w.facts++
	w.mu.Unlock()
	w.Poke()
	if err := w.save("baseline"); err != nil {
		return fmt.Errorf("what the ACS knows: %w", err)
	}
	return nil
}
