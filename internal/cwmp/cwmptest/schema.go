package cwmptest

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

//go:embed schema/*.xsd
var soapSchemas embed.FS

// A Schema asks xmllint whether the Broadband Forum's schemas accept a message (INV-1). The schemas are not part of
// this project, and xmllint is not on every machine: OpenSchema says what is missing.
type Schema struct {
	lint    string
	dir     string // holds the driver schemas, the catalog and the messages of one Check
	drivers map[string][]string
	count   int
}

// schemaFiles lists which schema files describe a namespace: 1.2, 1.3 and 1.4 share one, and each file adds to the
// one before it.
var schemaFiles = map[string][]string{
	"urn:dslforum-org:cwmp-1-0": {"cwmp-1-0.xsd"},
	"urn:dslforum-org:cwmp-1-1": {"cwmp-1-1.xsd"},
	"urn:dslforum-org:cwmp-1-2": {"cwmp-1-2.xsd", "cwmp-1-3.xsd", "cwmp-1-4.xsd"},
}

// OpenSchema prepares the schemas found in the directory xsd, working in the empty directory work.
func OpenSchema(xsd, work string) (*Schema, error) {
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		return nil, err
	}
	if xsd, err = filepath.Abs(xsd); err != nil {
		return nil, err
	}
	s := &Schema{lint: lint, dir: work, drivers: map[string][]string{}}
	for ns, files := range schemaFiles {
		for _, f := range files {
			if _, err := os.Stat(filepath.Join(xsd, f)); err != nil {
				return nil, err
			}
			if err := s.driver(ns, xsd, f); err != nil {
				return nil, err
			}
		}
	}
	return s, s.catalog(xsd)
}

// driver writes a schema that imports the envelope and one CWMP schema; xmllint takes one schema file only.
func (s *Schema) driver(ns, xsd, file string) error {
	text := fmt.Sprintf(`<?xml version="1.0"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:import namespace="http://schemas.xmlsoap.org/soap/envelope/" schemaLocation="http://schemas.xmlsoap.org/soap/envelope/"/>
  <xs:import namespace=%q schemaLocation=%q/>
</xs:schema>
`, ns, "file://"+filepath.ToSlash(filepath.Join(xsd, file)))
	name := filepath.Join(s.dir, "driver-"+file)
	s.drivers[ns] = append(s.drivers[ns], name)
	return os.WriteFile(name, []byte(text), 0o600)
}

// catalog leads the web addresses that the schemas import to local files.
func (s *Schema) catalog(xsd string) error {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">` + "\n")
	for uri, file := range map[string]string{
		"http://schemas.xmlsoap.org/soap/envelope/": "soap-envelope.xsd",
		"http://schemas.xmlsoap.org/soap/encoding/": "soap-encoding.xsd",
	} {
		data, err := soapSchemas.ReadFile("schema/" + file)
		if err != nil {
			return err
		}
		name := filepath.Join(s.dir, file)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&b, "<uri name=%q uri=%q/><system systemId=%q uri=%q/>\n", uri, "file://"+name, uri, "file://"+name)
	}
	for _, f := range []string{"cwmp-1-2.xsd", "cwmp-1-3.xsd"} {
		uri, name := "http://www.broadband-forum.org/cwmp/"+f, filepath.Join(xsd, f)
		fmt.Fprintf(&b, "<uri name=%q uri=%q/><system systemId=%q uri=%q/>\n", uri, "file://"+name, uri, "file://"+name)
	}
	b.WriteString("</catalog>\n")
	return os.WriteFile(filepath.Join(s.dir, "catalog.xml"), []byte(b.String()), 0o600)
}

var messageNS = regexp.MustCompile(`urn:dslforum-org:cwmp-1-[0-9]`)

// Check validates envelopes; the error names every complaint. An envelope passes when the newest schema of its
// namespace takes it.
func (s *Schema) Check(envelopes ...[]byte) error {
	byDriver := map[string][]string{}
	for _, env := range envelopes {
		drivers := s.drivers[string(messageNS.Find(env))]
		if drivers == nil {
			return fmt.Errorf("no schema for %.200q", env)
		}
		s.count++
		name := filepath.Join(s.dir, fmt.Sprintf("%05d.xml", s.count))
		if err := os.WriteFile(name, env, 0o600); err != nil {
			return err
		}
		newest := drivers[len(drivers)-1]
		byDriver[newest] = append(byDriver[newest], name)
	}
	var errs []error
	for driver, names := range byDriver {
		errs = append(errs, s.run(driver, names))
	}
	return errors.Join(errs...)
}

func (s *Schema) run(driver string, names []string) error {
	cmd := exec.Command(s.lint, append([]string{"--noout", "--nonet", "--schema", driver}, names...)...)
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(s.dir, "catalog.xml"))
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(driver), err, out.String())
	}
	return nil
}
