package soap

// EveryMessage lends the messages of the golden files to the schema test, which lives outside the package.
func EveryMessage(h Header) [][]byte {
	var list [][]byte
	for _, m := range everyMessage() {
		list = append(list, envelopeOf(h, m.write))
	}
	return list
}
