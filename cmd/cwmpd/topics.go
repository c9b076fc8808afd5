package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/cwmpd/cwmpd/internal/config"
	"github.com/cwmpd/cwmpd/internal/model"
)

// A topic is something that help tells of beside the verbs: a text, or what print says.
type topic struct {
	name, summary, text string
	print               func(io.Writer)
}

var topics = [...]topic{
	{"config", "the options of /etc/config/cwmp and their defaults", "", printOptions},
	{"connreq", "how the ACS wakes this device", connreqText, nil},
	{"datamodel", "the words of .dm files", languageText, printLanguage},
	{"exit", "what the exit status says", exitText, nil},
	{"files", "what is kept where", filesText, nil},
}

const filesText = `    /etc/config/cwmp              the ACS and this device's identity
    /etc/cwmpd/                   what must survive a reboot
    /etc/cwmpd/datamodel/*.dm     your own objects and parameters
    /usr/share/cwmpd/datamodel/   those of packages
`

const exitText = `    0  done
    1  something went wrong; the message says what
    2  the command line is wrong
    3  a parameter, value or model file was refused
    4  the daemon does not run, and the verb needs it
`

const connreqText = `A connection request makes the device open a session. The ACS signs it with cpe.userid
and cpe.passwd, which it may set itself; without both it is refused.

HTTP  to cpe.port and a random path, unless cpe.path names one:
      cwmpd get Device.ManagementServer.ConnectionRequestURL
      OpenWrt's firewall lets it in when cpe.incoming_rule is IP_Port (from the ACS)
      or Port_Only (from everybody in cpe.incoming_zone).
UDP   to stun.client_port, else the same number. stun.enable finds the way through a NAT.
XMPP  by the connection that cpe.xmpp_connection names, through any NAT.

cpe.connreq_acs_only and cpe.connreq_allow say from which addresses HTTP and UDP count.
cwmpd inform "6 CONNECTION REQUEST" does what one does.
`

const languageText = `OBJECT.  r|rw
  CLAUSE
  PARAMETER  r|rw  TYPE  [FLAG...]  SOURCE  [| FILTER]...

  Device.X_ACME_Light.{i}.  r
    rows uci light.@lamp
    Level  rw unsignedInt(..100)  uci .level | default 50

'cwmpd model check' tells what is wrong with a file. The words are:
`

func printOptions(w io.Writer) {
	last := ""
	config.Options(func(section, name, want, value string) {
		if section != last {
			fmt.Fprintln(w, "config", section)
			last = section
		}
		fmt.Fprintf(w, "  %-30s %-14s %s\n", name, value, want)
	})
}

func printLanguage(w io.Writer) {
	last, length := "", 0
	model.Language(func(kind, word string) {
		switch length += len(word) + 2; {
		case kind != last:
			fmt.Fprintf(w, "\n%-8s ", kind)
			last, length = kind, len(word)
		case length > 80:
			io.WriteString(w, ";\n         ")
			length = len(word)
		default:
			io.WriteString(w, "; ")
		}
		io.WriteString(w, strings.TrimSpace(word))
	})
	io.WriteString(w, "\n")
}

func helpVerb() verb {
	return verb{
		name: "help", args: "[VERB | TOPIC]", summary: "explain a verb or a topic",
		help: "Without a word it lists them.",
		run: func(_ context.Context, o *options, args []string) error {
			if len(args) == 0 {
				return overview(o.stdout)
			}
			for i := range topics {
				if t := &topics[i]; t.name == args[0] {
					io.WriteString(o.stdout, t.text)
					if t.print != nil {
						t.print(o.stdout)
					}
					return nil
				}
			}
			if v := verbNamed(args[0]); v.name != "" {
				v.usage(o.stdout, v.flagSet(o))
				return nil
			}
			return unknown(args[0])
		},
	}
}
