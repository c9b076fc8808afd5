package cwmp

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
	"github.com/cwmpd/cwmpd/internal/cwmp/soap"
	"github.com/cwmpd/cwmpd/internal/transfer"
)

// T-259: a transfer that waits, one under way, one that ended.
// Covers: §3.10.
func TestT259_QueuedTransfers(t *testing.T) {
	d := newDepot(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	d.files.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			asked <- struct{}{}
			<-answer
		}
	})
	d.end(d.get("ended", "/empty"))
	d.acs.Ask(cwmptest.Download(cwmptest.DownloadArgs{
		CommandKey: "slow", FileType: transfer.TypeConfig, URL: d.files.URL + "/slow", FileSize: 7, TargetFileName: "x", Username: "u", Password: password,
	}), cwmptest.Download(cwmptest.DownloadArgs{CommandKey: "late", FileType: transfer.TypeConfig, URL: d.files.URL + "/late", DelaySeconds: 3600}))
	d.acs.Play(cwmptest.Polite, cwmptest.Fault(8002)) // the one that ended is not told yet
	d.good()
	<-asked
	d.acs.Ask(cwmptest.GetQueuedTransfers(), cwmptest.GetAllQueuedTransfers(), cwmptest.CancelTransfer("late"), cwmptest.CancelTransfer("late"),
		cwmptest.CancelTransfer("slow"), cwmptest.CancelTransfer("ended"), cwmptest.GetAllQueuedTransfers())
	d.acs.Play(cwmptest.Polite, cwmptest.Fault(8002))
	d.good()
	want := []string{"  CommandKey=ended  State=3", "  CommandKey=slow  State=2", "  CommandKey=late  State=1"}
	if got := cwmptest.Describe(d.last("GetQueuedTransfersResponse"))[1:]; !slices.Equal(got, want) {
		t.Errorf("queued: %q", got)
	}
	const more = "  IsDownload=1  FileType=3 Vendor Configuration File"
	want = []string{want[0] + more + "  FileSize=0  TargetFileName=", want[1] + more + "  FileSize=7  TargetFileName=x", want[2] + more + "  FileSize=0  TargetFileName="}
	all := d.acs.Pick("GetAllQueuedTransfersResponse")
	if got := cwmptest.Describe(all[0])[1:]; !slices.Equal(got, want) {
		t.Errorf("all queued: %q", got)
	}
	// T-260: what is cancelled is gone, and never told. What has ended is told all the same: 9021.
	if got := cwmptest.Describe(all[1])[1:]; !slices.Equal(got, want[:1]) {
		t.Errorf("after CancelTransfer: %q", got)
	}
	if n := len(d.acs.Pick("CancelTransferResponse")); n != 3 || d.last("Fault").FaultCode() != 9021 {
		t.Errorf("%d cancelled, %s", n, d.last("Fault").Body)
	}
	close(answer)
	d.good()
	d.wantEvents("7 TRANSFER COMPLETE", "M Download ended")
	d.good()
	d.wantEvents()
}

// The schema of CWMP 1.1 has no numbers in file types.
func TestQueuedUploadsForAnOlderACS(t *testing.T) {
	d := newDepotWith(t, func(c *transfer.Config) {
		c.Produce = func(context.Context, transfer.Request, io.Writer) error { return nil }
	})
	d.acs.Speak(soap.NS11)
	for _, fileType := range []string{"3 Vendor Configuration File 1", "4 Vendor Log File 2", "1 Vendor Configuration File", "2 Vendor Log File"} {
		d.acs.Ask(cwmptest.Upload(cwmptest.DownloadArgs{FileType: fileType, URL: d.files.URL, DelaySeconds: 3600}))
	}
	d.acs.Ask(cwmptest.GetAllQueuedTransfers())
	d.good()
	var got []string
	for _, line := range cwmptest.Describe(d.last("GetAllQueuedTransfersResponse"))[1:] {
		got = append(got, strings.Split(line, "  ")[4])
	}
	want := []string{"FileType=3 Vendor Configuration File", "FileType=4 Vendor Log File", "FileType=3 Vendor Configuration File", "FileType=4 Vendor Log File"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// T-272 on the wire, R-94: the event and the call of a scheduled download; T-274 what is refused.
func TestT272_ScheduleDownload(t *testing.T) {
	d := newDepot(t)
	ask := func(windows ...cwmptest.Window) cwmptest.Call {
		return cwmptest.ScheduleDownload(cwmptest.DownloadArgs{CommandKey: "sd", FileType: transfer.TypeConfig, URL: d.files.URL + "/good"}, windows...)
	}
	w := func(start, end int, mode string) cwmptest.Window {
		return cwmptest.Window{Start: start, End: end, Mode: mode}
	}
	d.end(ask(w(0, 60, "1 At Any Time"), w(60, 90, "2 Immediately")))
	d.good()
	d.wantEvents("7 TRANSFER COMPLETE", "M ScheduleDownload sd")
	if m := d.last("TransferComplete"); m.Text("CommandKey") != "sd" || m.Text("FaultCode") != "0" {
		t.Errorf("TransferComplete %s", m.Body)
	}
	wrong := []cwmptest.Call{
		ask(), ask(w(0, 10, "1 At Any Time"), w(5, 20, "1 At Any Time")), ask(w(10, 5, "1 At Any Time")), ask(w(0, 10, "4 Confirmation Needed")),
		ask(w(0, 1, "1 At Any Time"), w(1, 2, "1 At Any Time"), w(2, 3, "1 At Any Time")), ask(w(-1, 1, "1 At Any Time")), ask(cwmptest.Window{End: 1, Mode: "1 At Any Time", MaxRetries: -2}),
		ask(w(0, 10, "3 When Idle")), // nobody counts what the line carries in this test
	}
	before := len(d.acs.Messages())
	d.acs.Ask(wrong...)
	d.good()
	for i, m := range d.acs.Messages()[before+2:] {
		if m.FaultCode() != 9003 {
			t.Errorf("%s: %s", wrong[i], m.Body)
		}
	}
	if len(d.queue.Entries()) != 0 {
		t.Errorf("queue %+v", d.queue.Entries())
	}
}
