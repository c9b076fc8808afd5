package source

import (
	"context"
	"strconv"
	"strings"

	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/model"
)

// The kernel's counters cannot be cleared. A Reset therefore notes where they stand, with the boot they belong to, among
// the agent's own values of the row, and from then on they are counted from there.

// netBaseline is the note of the row asked for last, since the counters of a row are read one after the other.
type netBaseline struct {
	row   *model.Row
	notes int // netCache.saved when it was read
	from  counters
}

type counters struct {
	Boot string            `json:"boot"`
	From map[string]uint64 `json:"from"`
}

const baselineName = "stats"

// netCounter is `call net.counter FIELD [-FIELD] [32]`: a counter of the row's netdev, less another one; 32 is for a
// parameter of 32 bits, which starts again at 0 as the standard says.
func netCounter(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	c := r.networkCache(ctx)
	dev := netdevOf(r.network(ctx), row)
	value, ok := c.counter(r, row, dev, args[0])
	if !ok {
		return "", nil
	}
	for _, arg := range args[1:] {
		if less, isLess := strings.CutPrefix(arg, "-"); isLess {
			if n, _ := c.counter(r, row, dev, less); n <= value {
				value -= n
			}
		} else {
			value &= 1<<32 - 1
		}
	}
	return strconv.FormatUint(value, 10), nil
}

// counter reads a counter since the last Reset of the row.
func (c *netCache) counter(r *Reader, row *model.Row, dev, field string) (uint64, bool) {
	value, ok := c.live.counter(r, dev, field)
	if !ok {
		return 0, false
	}
	if from := c.baseline(r, row).From[field]; from <= value {
		value -= from
	}
	return value, true
}

// counter asks netifd, or the kernel's files for a netdev that netifd does not know.
func (l *netLive) counter(r *Reader, dev, field string) (uint64, bool) {
	if stats := l.devices[dev].Get("statistics"); stats.Exists() {
		return stats.Get(field).Uint()
	}
	if dev == "" || strings.ContainsAny(dev, "/@") {
		return 0, false
	}
	text := strings.TrimSpace(string(r.File("/sys/class/net/" + dev + "/statistics/" + field)))
	value, err := strconv.ParseUint(text, 10, 64)
	return value, err == nil
}

func (c *netCache) baseline(r *Reader, row *model.Row) counters {
	if c.base.row == row && c.base.notes == c.saved {
		return c.base.from
	}
	c.base = netBaseline{row: row, notes: c.saved}
	var note counters
	if text := r.stateGet(rowName(row), baselineName); text != "" && json.Unmarshal([]byte(text), &note) == nil && note.Boot == r.bootID() {
		c.base.from = note
	}
	return c.base.from
}

func (r *Reader) bootID() string {
	if box := r.Box(); box != nil {
		return box.BootID()
	}
	return ""
}

// netReset is `call net.reset`: Stats.Reset, which reads false and counts from now on when it is set.
var netReset = Func{
	Get: func(context.Context, *Reader, *model.Row, []string) (string, error) { return "0", nil },
	Set: func(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
		if value != "1" {
			return nil
		}
		c := r.networkCache(ctx)
		dev := netdevOf(r.network(ctx), row)
		note := counters{Boot: r.bootID(), From: map[string]uint64{}}
		for _, field := range netCounters {
			if v, ok := c.live.counter(r, dev, field); ok {
				note.From[field] = v
			}
		}
		text, err := json.Marshal(note)
		if err != nil {
			return err
		}
		r.stateSet(rowName(row), baselineName, string(text))
		c.saved++
		return nil
	},
}

// netCounters are the counters that a Reset notes.
var netCounters = [...]string{
	"rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped",
	"multicast", "collisions",
}
