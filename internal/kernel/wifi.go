package kernel

import "encoding/binary"

// A Channel is what a wireless device is on; kernel/channels.json. Frequencies are in MHz.
type Channel struct {
	Dev              string
	Phy              uint32
	Freq             uint32 // of the control channel
	Center1, Center2 uint32
	Width            uint32 // NL80211_CHAN_WIDTH_…
}

// A Station is one that a wireless device talks to; kernel/stations.json. Counters are seen from here.
type Station struct {
	Dev, MAC                        string
	Signal                          int8   // dBm, 0 where it is not known
	Connected                       uint32 // seconds
	RxBytes, TxBytes                uint64
	RxPackets, TxPackets            uint32
	RxRate, TxRate                  uint32 // kbit/s
	RxStandard, TxStandard          string // of the last frame: n, ac, ax, be, "" for older ones
	TxRetries, TxFailed, RxDropMisc uint64
}

// A Survey is what a wireless device knows of a channel; kernel/surveys.json.
type Survey struct {
	Dev   string
	Freq  uint32
	Noise int8 // dBm, 0 where it is not known
	InUse bool
}

// A BSS is a network around, as the last scan of a wireless device has it; kernel/networks.json.
type BSS struct {
	Dev, BSSID string
	Freq       uint32
	Signal     int32  // dBm, 0 where it is not known
	Interval   uint16 // of the beacons, in 1024 µs
	Capability uint16
	Elements   Octets // the information elements
}

// Channels asks all wireless devices.
func (k *Kernel) Channels() []Channel {
	if !k.first("channels", &k.channels) {
		return k.channels
	}
	for _, m := range k.genl("channels", wifi, 5, dump, nil) {
		c := Channel{Dev: find(m.data, 4).text(), Phy: find(m.data, 1).num32(), Freq: find(m.data, 38).num32(), Center1: find(m.data, 160).num32(), Center2: find(m.data, 161).num32(), Width: find(m.data, 159).num32()}
		if c.Dev != "" {
			k.channels = append(k.channels, c)
		}
	}
	return k.channels
}

const wifi = "nl80211"

// perDev asks nl80211 for what one device says. Where there are recordings it only reads the one of the kind, which is
// for all devices.
func (k *Kernel) perDev(kind string, into any, dev string, command byte) []message {
	if k.File != nil {
		k.first(kind, into)
		return nil
	}
	if !k.first(kind+" "+dev, nil) {
		return nil
	}
	for _, l := range k.Links() {
		if l.Name == dev {
			return k.genl(kind, wifi, command, dump, addNum(nil, 3, l.Index))
		}
	}
	return nil
}

// Stations are those of one device.
func (k *Kernel) Stations(dev string) []Station {
	for _, m := range k.perDev("stations", &k.stations, dev, 17) {
		s := Station{Dev: dev, MAC: find(m.data, 6).mac()}
		for typ, v, rest := next(find(m.data, 21)); v != nil; typ, v, rest = next(rest) {
			switch typ {
			case 2:
				s.RxBytes = max(s.RxBytes, v.num())
			case 3:
				s.TxBytes = max(s.TxBytes, v.num())
			case 7:
				s.Signal = int8(v.num())
			case 8:
				s.TxRate, s.TxStandard = rate(v)
			case 9:
				s.RxPackets = v.num32()
			case 10:
				s.TxPackets = v.num32()
			case 11:
				s.TxRetries = v.num()
			case 12:
				s.TxFailed = v.num()
			case 14:
				s.RxRate, s.RxStandard = rate(v)
			case 16:
				s.Connected = v.num32()
			case 23: // 64 bits wide, after the narrow one
				s.RxBytes = v.num()
			case 24:
				s.TxBytes = v.num()
			case 28:
				s.RxDropMisc = v.num()
			}
		}
		if s.MAC != "" {
			k.stations = append(k.stations, s)
		}
	}
	var own []Station
	for _, s := range k.stations {
		if s.Dev == dev {
			own = append(own, s)
		}
	}
	return own
}

// rate reads a nest of NL80211_RATE_INFO.
func rate(b []byte) (kbit uint32, standard string) {
	for typ, v, rest := next(b); v != nil; typ, v, rest = next(rest) {
		switch typ {
		case 1:
			kbit = max(kbit, uint32(v.num16())*100)
		case 5:
			kbit = v.num32() * 100
		case 2:
			standard = "n"
		case 6:
			standard = "ac"
		case 13:
			standard = "ax"
		case 19:
			standard = "be"
		}
	}
	return kbit, standard
}

// Surveys are those of one device.
func (k *Kernel) Surveys(dev string) []Survey {
	for _, m := range k.perDev("surveys", &k.surveys, dev, 50) {
		info := find(m.data, 84)
		k.surveys = append(k.surveys, Survey{dev, find(info, 1).num32(), int8(find(info, 2).num()), find(info, 3) != nil})
	}
	var own []Survey
	for _, s := range k.surveys {
		if s.Dev == dev {
			own = append(own, s)
		}
	}
	return own
}

// Networks are those that the last scan of a device has found.
func (k *Kernel) Networks(dev string) []BSS {
	for _, m := range k.perDev("networks", &k.networks, dev, 32) {
		b := find(m.data, 47)
		n := BSS{
			Dev: dev, BSSID: find(b, 1).mac(), Freq: find(b, 2).num32(), Interval: find(b, 4).num16(), Capability: find(b, 5).num16(),
			Elements: Octets(find(b, 6)),
		}
		if v := find(b, 7); len(v) == 4 {
			n.Signal = int32(binary.NativeEndian.Uint32(v)) / 100
		}
		if len(n.Elements) == 0 {
			n.Elements = Octets(find(b, 11))
		}
		if n.BSSID != "" {
			k.networks = append(k.networks, n)
		}
	}
	var own []BSS
	for _, n := range k.networks {
		if n.Dev == dev {
			own = append(own, n)
		}
	}
	return own
}
