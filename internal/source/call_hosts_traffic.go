package source

import (
	"context"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
	"github.com/cwmpd/cwmpd/internal/ubus"
)

// hostTraffic answers `call hosts.traffic COLUMN`: what nlbwmon counted of a host in its current period, as `nlbw` tells it. Its
// rx is what the host received.
func hostTraffic(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	table := r.Memo("hosts.traffic", func() any { return traffic(ctx, r) }).(map[string]ubus.Value)
	return table[strings.ToLower(row.Key)].Get(args[0]).Text(), nil
}

// traffic is a table of columns for each MAC address.
func traffic(ctx context.Context, r *Reader) map[string]ubus.Value {
	out := map[string]ubus.Value{}
	if r.Box() == nil {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	text, err := r.Box().Command(ctx, "/usr/sbin/nlbw", "-c", "json", "-g", "mac")
	all, err2 := ubus.FromJSON(text)
	if err != nil || err2 != nil {
		if r.rt.quiet.first("nlbw") {
			r.rt.log.Warn("nlbwmon does not answer", "error", err, "json", err2)
		}
		return out
	}
	var columns []string
	for _, c := range all.Get("columns").All() {
		columns = append(columns, c.Text())
	}
	for _, line := range all.Get("data").All() {
		var pairs []any
		mac, i := "", 0
		for _, cell := range line.All() {
			if i >= len(columns) {
				break
			}
			if columns[i] == "mac" {
				mac = strings.ToLower(cell.Text())
			}
			pairs, i = append(pairs, columns[i], cell), i+1
		}
		out[mac] = ubus.Table(pairs...)
	}
	return out
}
