package source

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cwmpd/cwmpd/internal/model"
)

// certificateGlobs are where the certificates of services lie on OpenWrt.
var certificateGlobs = []string{"/etc/uhttpd.crt", "/etc/ssl/*.crt", "/etc/ssl/*.pem", "/etc/cwmpd/*.crt", "/etc/cwmpd/*.pem"}

// A certFile is one certificate and where it is from.
type certFile struct {
	file string
	*x509.Certificate
}

// certificates lists each certificate once, PEM or DER. Keys beside them in a file are not looked at.
func certificates(_ context.Context, r *Reader, _ *model.Row, _ []string) ([]model.Row, error) {
	globs := slices.Clone(certificateGlobs)
	if own := ownConfig(r).ACS.ClientCert; own != "" {
		globs = append(globs, own)
	}
	var out []model.Row
	seen := map[string]bool{}
	for _, glob := range globs {
		for _, file := range r.Glob(glob) {
			data := r.File(file)
			for len(data) > 0 && len(out) < 64 {
				der := data
				block, rest := pem.Decode(data)
				if data = rest; block != nil {
					der = block.Bytes
				} else {
					data = nil
				}
				c, err := x509.ParseCertificate(der)
				if err != nil || block != nil && block.Type != "CERTIFICATE" {
					continue
				}
				key := c.SerialNumber.Text(16) + " " + string(c.RawIssuer)
				if key = fingerName(key); !seen[key] {
					seen[key] = true
					out = append(out, model.Row{Key: key, Data: certFile{file, c}})
				}
			}
		}
	}
	return out, nil
}

func getCertificate(ctx context.Context, r *Reader, row *model.Row, args []string) (string, error) {
	c, ok := row.Data.(certFile)
	if !ok {
		return "", nil
	}
	switch args[0] {
	case "changed":
		return fileChanged(ctx, r, row, []string{c.file})
	case "serial":
		return strings.ToUpper(c.SerialNumber.Text(16)), nil
	case "issuer":
		return c.Issuer.String(), nil
	case "subject":
		return c.Subject.String(), nil
	case "from":
		return c.NotBefore.UTC().Format(time.RFC3339), nil
	case "to":
		return c.NotAfter.UTC().Format(time.RFC3339), nil
	case "algorithm":
		return c.SignatureAlgorithm.String(), nil
	}
	names := slices.Concat(c.DNSNames, c.EmailAddresses)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return joinList(slices.DeleteFunc(names, func(name string) bool { return len(name) > 256 })), nil
}

// fileChanged is when a file changed last, in seconds of Unix.
func fileChanged(_ context.Context, r *Reader, _ *model.Row, args []string) (string, error) {
	st, err := os.Stat(r.rt.rooted(args[0]))
	if err != nil {
		return "", nil
	}
	return strconv.FormatInt(st.ModTime().Unix(), 10), nil
}
