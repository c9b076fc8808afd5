package source

import (
	"testing"
)

func TestChannelHasRoom(t *testing.T) {
	german := &band{channels: []int{36, 40, 44, 48, 52, 56, 60, 64, 100, 104, 108, 112, 116, 120, 124, 128, 132, 136, 140}}
	low := &band{channels: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}}
	six := &band{channels: []int{1, 5, 9, 13, 17, 21, 25, 29, 33}}
	for _, tt := range []struct {
		name                 string
		b                    *band
		band, channel, width string
		mode                 string
		fits                 bool
	}{
		{"80 MHz from 36", german, "5g", "48", "80MHz", "HE80", true},
		{"160 MHz from 100", german, "5g", "112", "160MHz", "HE160", true},
		{"80 MHz up to 144, which is forbidden", german, "5g", "140", "80MHz", "HE80", false},
		{"40 MHz up to 144", german, "5g", "140", "40MHz", "HT40", false},
		{"20 MHz", german, "5g", "140", "20MHz", "HT20", true},
		{"160 MHz from 132", german, "5g", "132", "160MHz", "HE160", false},
		{"automatic", german, "5g", "auto", "160MHz", "HE160", true},
		{"nobody knows the channels", &band{}, "5g", "140", "80MHz", "HE80", true},
		{"40 MHz above 1", low, "2g", "1", "40MHz", "HT40", true},
		{"40 MHz below 1", low, "2g", "1", "40MHz", "HT40-", false},
		{"40 MHz above 13", low, "2g", "13", "40MHz", "HT40+", false},
		{"160 MHz at 6 GHz", six, "6g", "17", "160MHz", "HE160", true},
		{"80 MHz at the end", six, "6g", "33", "80MHz", "HE80", false},
	} {
		err := checkBlock(tt.b, tt.band, tt.channel, tt.mode, tt.width, nil)
		if (err == nil) != tt.fits {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
