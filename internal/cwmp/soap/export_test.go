package soap

// firstIn names the namespace that brought a message; the others were always there.
var firstIn = map[string]string{
	"GetAllQueuedTransfersResponse": NS11, "CancelTransferResponse": NS12, "ScheduleDownloadResponse": NS12, "DUStateChangeComplete": NS12, "ChangeDUStateResponse": NS12,
	"AutonomousTransferComplete": NS11, "AutonomousDUStateChangeComplete": NS12,
}

// EveryMessage lends the messages of the golden files to the schema test, which lives outside the package.
func EveryMessage(h Header) [][]byte {
	var list [][]byte
	for _, m := range everyMessage() {
		if h.Namespace < firstIn[m.name] {
			continue
		}
		list = append(list, envelopeOf(h, m.write))
	}
	return list
}
