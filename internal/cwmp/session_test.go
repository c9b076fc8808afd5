package cwmp

import (
	"testing"
)

func TestT005_SessionOrder(t *testing.T) {
	b := newBench(t)
	b.good()
	b.wantNames("Inform", "")
	if got := b.last("Inform").Text("RetryCount"); got != "0" {
		t.Errorf("RetryCount %s", got)
	}
}
