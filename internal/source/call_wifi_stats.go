package source

import (
	"context"
	"strconv"

	"github.com/cwmpd/cwmpd/internal/json"
	"github.com/cwmpd/cwmpd/internal/model"
)

func readsFalse(context.Context, *Reader, *model.Row, []string) (string, error) { return "0", nil }

// getRadioStat adds up a counter of all network devices of a radio, since the last Reset: `call wifi.stat FIELD [32]`.
func getRadioStat(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	sum := radioSum(ctx, r, row, args[0])
	var note counters
	if text := r.stateGet(rowName(row), baselineName); text != "" && json.Unmarshal([]byte(text), &note) == nil && note.Boot == r.bootID() {
		if from := note.From[args[0]]; from <= sum { // else devices went
			sum -= from
		}
	}
	if len(args) > 1 {
		sum &= 1<<32 - 1
	}
	return strconv.FormatUint(sum, 10), nil
}

func radioSum(ctx context.Context, r *Reader, row *model.Row, field string) uint64 {
	var sum uint64
	live := r.networkCache(ctx).live
	for _, v := range wireless(ctx, r).Get(row.Section, "interfaces").All() {
		n, _ := live.counter(r, v.Get("ifname").Text(), field)
		sum += n
	}
	return sum
}

// resetRadioStat notes where the counters stand.
func resetRadioStat(ctx context.Context, r *Reader, row *model.Row, _ []string, value string) error {
	if !yes(value, false) {
		return nil
	}
	note := counters{Boot: r.bootID(), From: map[string]uint64{}}
	for _, field := range netCounters {
		note.From[field] = radioSum(ctx, r, row, field)
	}
	text, err := json.Marshal(note)
	if err != nil {
		return err
	}
	r.stateSet(rowName(row), baselineName, string(text))
	r.Act(func(context.Context) error {
		r.rt.channels.reset(row.Section)
		return nil
	})
	return nil
}

// getLive answers from iwinfo's view of the radio: `call wifi.live FIELD`.
func getLive(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	ifname := firstIface(ctx, r, row.Section)
	if ifname == "" {
		return "", nil
	}
	return iwinfo(ctx, r, ifname).Get(args[0]).Text(), nil
}
