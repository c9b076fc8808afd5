package source

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// wireguardTable is what Device.X_CWMPD_WireGuard. needs beside UCI.
var wireguardTable = []named{
	{"wireguard.public", &Func{Get: wireguardPublic}},
	{"wireguard.interface", &Func{Hook: wireguardInterface}},
	{"wireguard.peer", &Func{Hook: wireguardPeer}},
}

// wireguardKey reads a key, 32 bytes in base64; nil for anything else.
func wireguardKey(text string) []byte {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil
	}
	return key
}

// wireguardPublic is the public half of an interface's key, "" while that is none (Curve25519, RFC 7748).
func wireguardPublic(_ context.Context, r *Reader, row *model.Row, _ []string) (string, error) {
	private, err := ecdh.X25519().NewPrivateKey(wireguardKey(r.option(row, "private_key")))
	if err != nil {
		return "", nil
	}
	return base64.StdEncoding.EncodeToString(private.PublicKey().Bytes()), nil
}

// wireguardInterface refuses what netifd could not bring up: an interface that is on without a key, or with one that is none.
func wireguardInterface(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	key := r.option(row, "private_key")
	switch {
	case key == "generate": // wireguard.sh of 24.10 and later makes one
	case key != "" && wireguardKey(key) == nil:
		return at("PrivateKey", model.BadValue, "want 32 octets in base64")
	case key == "" && !yes(r.option(row, "disabled"), false):
		return at("Enable", model.Refused, "there is no PrivateKey yet")
	}
	return nil
}

// wireguardPeer refuses a peer without a proper key, and an address range that another peer of the tunnel has: the kernel
// would take it away from that one.
func wireguardPeer(_ context.Context, r *Reader, row *model.Row, changed map[string]string) error {
	s := r.own(row)
	if s == nil {
		return nil
	}
	on := !yes(s.Get("disabled"), false)
	switch key, shared := s.Get("public_key"), s.Get("preshared_key"); {
	case key != "" && wireguardKey(key) == nil:
		return at("PublicKey", model.BadValue, "want 32 octets in base64")
	case shared != "" && wireguardKey(shared) == nil:
		return at("PresharedKey", model.BadValue, "want 32 octets in base64")
	case key == "" && on:
		return at("Enable", model.Refused, "there is no PublicKey yet")
	case !on:
		return nil
	}
	mine := " " + strings.Join(items(s, "allowed_ips"), " ") + " "
	for _, o := range r.UCI(row.Package).OfType(s.Type) {
		if o.Name == s.Name || yes(o.Get("disabled"), false) {
			continue
		}
		for _, network := range items(o, "allowed_ips") {
			if strings.Contains(mine, " "+network+" ") {
				return at("AllowedIPs", model.BadValue, "%s is another peer's", network)
			}
		}
	}
	return nil
}
