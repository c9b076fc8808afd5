package soap

import (
	"fmt"
	"testing"
)

// BenchmarkParameterValues encodes a GetParameterValuesResponse of 10,000 parameters; the goal is 3 million
// ParameterValueStructs per second without an allocation for any of them.
func BenchmarkParameterValues(b *testing.B) {
	const n = 10_000
	path := []byte("Device.WiFi.AccessPoint.12.AssociatedDevice.3.SignalStrength")
	var e Encoder
	encode := func() {
		e.Begin(Header{ID: "1", HasID: true})
		e.Open("GetParameterValuesResponse")
		e.List("ParameterList", "cwmp:ParameterValueStruct")
		for range n {
			e.ParameterValue(path, "unsignedInt", "4294967295")
		}
		e.EndList()
		e.Close()
		e.End()
	}
	encode() // the buffer grows once
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		encode()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "structs/s")
}

func BenchmarkParse(b *testing.B) {
	var e Encoder
	e.Begin(Header{ID: "1", HasID: true})
	e.Open("SetParameterValues")
	e.List("ParameterList", "cwmp:ParameterValueStruct")
	for i := range 500 {
		e.ParameterValue(fmt.Appendf(nil, "Device.WiFi.SSID.%d.SSID", i), "string", "HomeNet")
	}
	e.EndList()
	e.Text("ParameterKey", "k")
	e.Close()
	doc := append([]byte(nil), e.End()...)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := Parse(doc, ""); err != nil {
			b.Fatal(err)
		}
	}
}

// The encoder must not allocate per parameter.
func TestParameterValueDoesNotAllocate(t *testing.T) {
	var e Encoder
	path := []byte("Device.DeviceInfo.UpTime")
	if n := testing.AllocsPerRun(100, func() {
		e.Begin(Header{ID: "1", HasID: true})
		e.List("ParameterList", "cwmp:ParameterValueStruct")
		for range 100 {
			e.ParameterValue(path, "string", "a & ü")
		}
		e.EndList()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
