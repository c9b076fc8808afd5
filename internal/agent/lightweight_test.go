package agent

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cwmpd/cwmpd/internal/cwmp/cwmptest"
)

// TestT219_LightweightNotification: the ACS switches it on, somebody changes a value, a signed datagram goes to the host of
// the ACS (N-20), and no session is made; the next one tells it as well (T-221). Then it is switched off (T-222).
func TestT219_LightweightNotification(t *testing.T) {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	address := conn.LocalAddr().(*net.UDPAddr)
	const server, ssid = "Device.ManagementServer.", "Device.WiFi.SSID.1.SSID"
	s := newStage(t, nil)
	s.begin()
	used := func(protocols string) cwmptest.Value {
		return cwmptest.Value{Name: server + "LightweightNotificationProtocolsUsed", Text: protocols, Type: "string"}
	}
	s.set("0", used("UDP"), cwmptest.Value{Name: server + "UDPLightweightNotificationPort", Text: strconv.Itoa(address.Port), Type: "unsignedInt"})
	six := 6
	notify := cwmptest.SetParameterAttributes(cwmptest.Attribute{Name: ssid, Notification: &six})
	if m := s.one(notify); m.FaultCode() != 9003 {
		t.Errorf("in a session of 1.3: %s", m.Body)
	}
	s.acs.Play(cwmptest.InformResponse(`<cwmp:UseCWMPVersion soap-env:mustUnderstand="1">1.4</cwmp:UseCWMPVersion>`))
	if m := s.one(notify); m.Name != "SetParameterAttributesResponse" {
		t.Fatalf("got %s", m.Body)
	}
	got := s.get(server+"LightweightNotificationProtocolsSupported", server+"LightweightNotificationProtocolsUsed", server+"UDPLightweightNotificationHost")
	if got[server+"LightweightNotificationProtocolsSupported"] != "UDP" || got[server+"LightweightNotificationProtocolsUsed"] != "UDP" || got[server+"UDPLightweightNotificationHost"] != "" {
		t.Errorf("got %v", got)
	}
	seen := len(s.acs.Messages())

	s.write("etc/config/wireless", strings.Replace(s.read("etc/config/wireless"), "'HomeNet'", "'Other'", 1))
	buf := make([]byte, 2000)
	conn.SetReadDeadline(time.Now().Add(patience))
	n, _, err := conn.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := bytes.Cut(buf[:n], []byte("\r\n\r\n"))
	sign := hmac.New(sha1.New, []byte("acs-secret"))
	sign.Write(body)
	for _, want := range []string{"POST http://" + address.String() + " HTTP/1.1\r\n", fmt.Sprintf("\r\nSignature: %x", sign.Sum(nil))} {
		if !strings.Contains(string(head), want) {
			t.Errorf("no %q in %q", want, head)
		}
	}
	for _, want := range []string{"<UN>homerouter</UN>", "<Name>" + ssid + "</Name>", ">Other</Value>"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %q in %s", want, body)
		}
	}

	s.seen = len(s.acs.Messages())
	s.set("0", used(""))
	inform := s.acs.Messages()[seen]
	if events := strings.Join(inform.Events(), ", "); events != "4 VALUE CHANGE, 6 CONNECTION REQUEST" || inform.Values()[ssid] != "Other" {
		t.Errorf("Inform with %s: %s", events, inform.Body)
	}
	if text := s.read("etc/config/cwmp"); !strings.Contains(text[strings.Index(text, "config lwn"):], "option enable '0'") {
		t.Errorf("got %s", text)
	}
}
