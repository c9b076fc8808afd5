module github.com/cwmpd/cwmpd

go 1.25.0

require (
	github.com/beevik/etree v1.8.1
	github.com/digineo/go-uci v0.0.0-20210918132103-37c7b10c14fa
	github.com/godbus/dbus/v5 v5.2.2
	github.com/icholy/digest v1.2.0
	github.com/jsimonetti/rtnetlink/v2 v2.0.5
	github.com/mdlayher/netlink v1.8.0
	github.com/pion/stun/v3 v3.1.7
	github.com/spf13/pflag v1.1.0
	golang.org/x/sys v0.43.0
)

require (
	github.com/BurntSushi/toml v1.4.1-0.20240526193622-a339e1f7089c // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/mdlayher/socket v0.5.1 // indirect
	github.com/pion/dtls/v3 v3.1.5 // indirect
	github.com/pion/logging v0.2.4 // indirect
	github.com/pion/transport/v4 v4.1.0 // indirect
	github.com/wlynxg/anet v0.0.5 // indirect
	golang.org/x/crypto v0.48.0 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.31.0 // indirect
	golang.org/x/net v0.49.0 // indirect
	golang.org/x/sync v0.19.0 // indirect
	golang.org/x/tools v0.40.1-0.20260108161641-ca281cf95054 // indirect
	honnef.co/go/tools v0.7.0 // indirect
)

tool honnef.co/go/tools/cmd/staticcheck
