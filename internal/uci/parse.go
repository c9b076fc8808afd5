package uci

import (
	"fmt"
	"strings"
)

// maxFile bounds a package file, in bytes.
const maxFile = 1 << 20

// SyntaxError is a line that libuci refuses; the whole file is then unusable to it.
type SyntaxError struct {
	File string // path, or the name of the package
	Line int
	Msg  string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// Parse reads a package from its file's content. A `package` line in it is checked and otherwise ignored.
func Parse(name string, data []byte) (*Package, error) {
	p, err := newParser(name, data)
	if err != nil {
		return nil, err
	}
	p.open(name)
	if err := p.file(); err != nil {
		return nil, err
	}
	return p.pkg, nil
}

// ParseExport reads what `uci export` writes: packages, each after its `package` line. name is the package of what
// stands before the first such line, "" if nothing may.
func ParseExport(name string, data []byte) ([]*Package, error) {
	p, err := newParser("export", data)
	if err != nil {
		return nil, err
	}
	p.many, p.first = true, name
	if err := p.file(); err != nil {
		return nil, err
	}
	return p.all, nil
}

type parser struct {
	lexer
	path     string // for errors
	many     bool   // a package line begins a package
	first    string // with many: the package of what stands before the first such line
	all      []*Package
	pkg      *Package
	section  *Section
	sections map[string]*Section // of pkg
	options  map[string]*Option  // of section, once it has many
}

func newParser(file string, data []byte) (*parser, error) {
	p := &parser{path: file}
	if len(data) > maxFile {
		return nil, &SyntaxError{file, 0, fmt.Sprintf("larger than %d bytes", maxFile)}
	}
	p.src = string(data)
	if n := strings.IndexByte(p.src, 0); n >= 0 {
		return nil, &SyntaxError{file, 1 + strings.Count(p.src[:n], "\n"), "NUL byte"}
	}
	return p, nil
}

func (p *parser) open(name string) {
	p.pkg = &Package{Name: name}
	p.all = append(p.all, p.pkg)
	p.section, p.options, p.sections = nil, nil, map[string]*Section{}
}

func (p *parser) file() error {
	for p.newLine() {
		err := p.statements()
		if se, ok := err.(*SyntaxError); ok {
			se.File = p.path
		}
		if err != nil {
			return err
		}
	}
	for _, pkg := range p.all {
		pkg.reindex()
	}
	return nil
}

// statements takes a line, which holds several statements where ; separates them.
func (p *parser) statements() error {
	p.skipSpace()
	for {
		word, ok := p.command()
		if !ok {
			return nil
		}
		err := error(nil)
		switch word {
		case "package", "p":
			err = p.packageLine()
		case "config", "c":
			err = p.configLine()
		case "option", "o":
			err = p.optionLine(false)
		case "list", "l":
			err = p.optionLine(true)
		default:
			err = p.errorf("%q is none of package, config, option and list", clip(strings.TrimRight(word, "\r\n")))
		}
		if err != nil {
			return err
		}
	}
}

func (p *parser) errorf(format string, args ...any) error {
	return &SyntaxError{Line: p.line, Msg: fmt.Sprintf(format, args...)}
}

// clip keeps hostile text in messages short.
func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// endOfStatement refuses a further word.
func (p *parser) endOfStatement() error {
	word, err := p.word()
	if err != nil {
		return err
	}
	if word != "" {
		return p.errorf("too many arguments: %q", clip(word))
	}
	return nil
}

func (p *parser) packageLine() error {
	name, err := p.word()
	if err != nil {
		return err
	}
	if !ValidPackage(name) {
		return p.errorf("package name %q", clip(name))
	}
	if err := p.endOfStatement(); err != nil || !p.many {
		return err
	}
	for _, pkg := range p.all {
		if pkg.Name == name {
			return p.errorf("package %s is there twice", name)
		}
	}
	p.open(name)
	return nil
}

func (p *parser) configLine() error {
	if p.pkg == nil && p.first != "" {
		p.open(p.first)
	}
	if p.pkg == nil {
		return p.errorf("config before the first package line")
	}
	typ, err := p.word()
	if err != nil {
		return err
	}
	if !ValidType(typ) {
		return p.errorf("section type %q", clip(typ))
	}
	name, err := p.word()
	if err != nil {
		return err
	}
	if name != "" && !ValidName(name) {
		return p.errorf("section name %q", clip(name))
	}
	if err := p.endOfStatement(); err != nil {
		return err
	}
	p.options = nil
	if s := p.sections[name]; s != nil && name != "" {
		if s.Type != typ {
			return p.errorf("section %s is of type %s and of type %s", name, clip(s.Type), clip(typ))
		}
		p.section = s
		return nil
	}
	p.section = p.pkg.append(typ, name)
	if p.sections[p.section.Name] == nil {
		p.sections[p.section.Name] = p.section
	}
	return nil
}

func (p *parser) optionLine(list bool) error {
	if p.section == nil {
		return p.errorf("option or list before the first section")
	}
	name, err := p.word()
	if err != nil {
		return err
	}
	if !ValidName(name) {
		return p.errorf("option name %q", clip(name))
	}
	value, err := p.word()
	if err != nil {
		return err
	}
	if err := p.endOfStatement(); err != nil {
		return err
	}
	o := p.option(name)
	switch {
	case list && o == nil:
		p.addOption(&Option{Name: name, Values: []string{value}, IsList: true})
	case list:
		o.Values, o.IsList = append(o.Values, value), true
	case value == "": // says nothing, not even that an earlier one goes
	case o == nil:
		p.addOption(&Option{Name: name, Values: []string{value}})
	default:
		o.Values, o.IsList = []string{value}, false
	}
	return nil
}

// manyOptions is where looking through a section's options one by one gets slow; hostile files have thousands.
const manyOptions = 64

func (p *parser) option(name string) *Option {
	if p.options != nil {
		return p.options[name]
	}
	return p.section.Option(name)
}

func (p *parser) addOption(o *Option) {
	s := p.section
	s.Options = append(s.Options, o)
	if len(s.Options) < manyOptions {
		return
	}
	if p.options == nil {
		p.options = map[string]*Option{}
		for _, o := range s.Options {
			p.options[o.Name] = o
		}
	}
	p.options[o.Name] = o
}
