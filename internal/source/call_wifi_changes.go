package source

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cwmpd/cwmpd/internal/kernel"
	"github.com/cwmpd/cwmpd/internal/model"
)

// channelChanges counts how often each radio changed its channel, and why, for as long as the agent has known it.
type channelChanges struct {
	mu     sync.Mutex // guards what follows
	radios map[string]*tuned
	radar  map[uint32]bool // frequencies of radios that heard one there
	moved  map[uint32]bool // those that devices came to lately without a restart
}

// tuned is what is known of a radio.
type tuned struct {
	freq   uint32            // MHz
	wanted string            // UCI's channel when it came there
	reason string            // of the last change, in the words of ChannelLastSelectionReason
	counts map[string]uint32 // by reason; "" is all of them
}

// RunChannels listens for what happens to the channels of radios until ctx ends.
func (rt *Router) RunChannels(ctx context.Context) error {
	c := &rt.channels
	err := newReader(rt, nil).Kernel().Watch(ctx, 3*time.Second, c.hear, func() {
		c.look(ctx, newReader(rt, nil))
		c.mu.Lock()
		clear(c.moved)
		c.mu.Unlock()
	})
	if err != nil {
		rt.log.Warn("the channels of radios are not watched", "error", err)
	}
	return nil
}

// hear remembers news until the next look.
func (c *channelChanges) hear(n kernel.News) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.radar == nil {
		c.radar, c.moved = map[uint32]bool{}, map[uint32]bool{}
	}
	if n.Moved {
		c.moved[n.Freq] = true
	}
	for _, t := range c.radios { // in the background others hear them, too
		if n.Radar && t.freq == n.Freq {
			c.radar[n.Freq] = true
		}
	}
}

// look counts what is on another channel than before. A radio that is down keeps its own.
func (c *channelChanges) look(ctx context.Context, r *Reader) {
	freqs := map[string]uint32{}
	for _, ch := range r.Kernel().Channels() {
		freqs[ch.Dev] = ch.Freq
	}
	for radio := range wireless(ctx, r).All() {
		if freq := freqs[firstIface(ctx, r, radio)]; freq != 0 {
			c.note(radio, freq, text(r.section("wireless", radio), "channel"), isClient(r, radio))
		}
	}
}

// note is told where a radio is, the channel that UCI wants and whether the radio follows that of another network.
func (c *channelChanges) note(radio string, freq uint32, wanted string, follows bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.radios[radio]
	switch {
	case t == nil:
		if c.radios == nil {
			c.radios = map[string]*tuned{}
		}
		c.radios[radio] = &tuned{freq: freq, wanted: wanted, counts: map[string]uint32{}}
		return
	case t.freq == freq:
		return
	}
	t.reason = t.why(freq, wanted, c.radar[t.freq], follows || c.moved[freq])
	delete(c.radar, t.freq)
	t.counts[""]++
	t.counts[t.reason]++
	t.freq, t.wanted = freq, wanted
}

// why says why a radio came to a frequency. hostapd chooses a channel when it starts, and leaves it for a radar; else it goes
// where it is told: by UCI, or by somebody of whom nothing is known.
func (t *tuned) why(freq uint32, wanted string, radar, moved bool) string {
	switch {
	case radar:
		return "Auto_DFS"
	case wanted == "auto" || wanted == "" || wanted == "0":
		if !moved {
			return "Auto_Startup"
		}
	case wanted != t.wanted && wanted == strconv.Itoa(channelOf(freq)):
		return "Manual"
	}
	return "Unknown"
}

// since is how often a radio changed its channel for a reason, "" for any, and the reason of the last change, "" before there
// was one. It takes a look first.
func (c *channelChanges) since(ctx context.Context, r *Reader, radio, reason string) (count uint32, last string) {
	r.Memo("wifi.changes", func() any { c.look(ctx, r); return nil })
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.radios[radio]; t != nil {
		count, last = t.counts[reason], t.reason
	}
	return count, last
}

// get is `call wifi.changes [REASON]`.
func (c *channelChanges) get(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	count, _ := c.since(ctx, r, row.Section, strings.Join(args, " "))
	return strconv.FormatUint(uint64(count), 10), nil
}

// reset counts anew.
func (c *channelChanges) reset(radio string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.radios[radio]; t != nil {
		clear(t.counts)
	}
}
