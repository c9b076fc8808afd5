package source

import "testing"

func TestAMomentThatOnlyRoundingMovesStays(t *testing.T) {
	var m sinceMemo
	for _, c := range []struct{ computed, want int64 }{{1000, 1000}, {1001, 1000}, {999, 1000}, {1002, 1000}, {1003, 1003}, {1002, 1003}, {500, 500}} {
		if got := m.settle("row", c.computed); got != c.want {
			t.Errorf("computed %d: got %d, want %d", c.computed, got, c.want)
		}
	}
	if got := m.settle("other", 7); got != 7 {
		t.Errorf("another row: got %d, want 7", got)
	}
}
