package model

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A typeRule is what one word in the type column stands for.
type typeRule struct {
	name   string
	base   Base
	ranges []Range                 // unless the line gives its own
	form   func(text string) error // never asked about "" unless strict
	strict bool                    // the empty string is not of the type
}

// typeRules holds every type word but the ones with a grammar of their own: enum, list and pathRef.
var typeRules = [...]typeRule{
	{name: "string", base: BaseString},
	{name: "boolean", base: BaseBoolean},
	{name: "int", base: BaseInt},
	{name: "unsignedInt", base: BaseUnsignedInt},
	{name: "long", base: BaseLong},
	{name: "unsignedLong", base: BaseUnsignedLong},
	{name: "dateTime", base: BaseDateTime},
	{name: "base64", base: BaseBase64},
	{name: "hexBinary", base: BaseHexBinary},
	{name: "decimal", base: BaseDecimal},
	{name: "StatsCounter32", base: BaseUnsignedInt},
	{name: "StatsCounter64", base: BaseUnsignedLong},
	{name: "IPAddress", base: BaseString, form: func(s string) error { return formAddress(s, 0) }},
	{name: "IPv4Address", base: BaseString, form: func(s string) error { return formAddress(s, 4) }},
	{name: "IPv6Address", base: BaseString, form: func(s string) error { return formAddress(s, 6) }},
	{name: "IPPrefix", base: BaseString, form: func(s string) error { return formPrefix(s, 0) }},
	{name: "IPv4Prefix", base: BaseString, form: func(s string) error { return formPrefix(s, 4) }},
	{name: "IPv6Prefix", base: BaseString, form: func(s string) error { return formPrefix(s, 6) }},
	{name: "MACAddress", base: BaseString, form: formMAC},
	{name: "URL", base: BaseString, ranges: []Range{{Max: 2048, HasMax: true}}, form: formURL},
	{name: "UUID", base: BaseString, form: formUUID},
	{name: "Alias", base: BaseString, ranges: []Range{{Min: 1, Max: 64, HasMin: true, HasMax: true}}, form: formAlias, strict: true},
}

// ruleOf returns the rule of a type word; of one that has none the zero rule, which has no name.
func ruleOf(name string) typeRule {
	for i := range typeRules {
		if typeRules[i].name == name {
			return typeRules[i]
		}
	}
	return typeRule{}
}

// typeWords are all first words of the type column, for messages.
var typeWords = []string{
	"string", "boolean", "int", "unsignedInt", "long", "unsignedLong", "dateTime", "base64", "hexBinary", "decimal", "enum", "list",
	"pathRef", "IPAddress", "IPv4Address", "IPv6Address", "IPPrefix", "IPv4Prefix", "IPv6Prefix", "MACAddress", "URL", "UUID", "Alias",
	"StatsCounter32", "StatsCounter64",
}

// parseType reads the type column, which is up to three words, and says how many.
func parseType(words []word) (Type, int, error) {
	var t Type
	used := 0
	if len(words) > 0 && (words[0].text == "list" || strings.HasPrefix(words[0].text, "list(")) {
		if err := t.parseCount(words[0].text); err != nil {
			return t, 0, err
		}
		t.List = true
		used = 1
	}
	if used == len(words) || words[used].quoted {
		return t, 0, errors.New("the type is missing: expected NAME ACCESS TYPE SOURCE")
	}
	if err := t.parseName(words[used].text); err != nil {
		return t, 0, err
	}
	used++
	if t.Ref && used < len(words) && words[used].text == "weak" {
		t.Weak = true
		used++
	}
	t.Base = t.item
	if t.List {
		t.Base = BaseString
	}
	return t, used, nil
}

// parseCount reads list or list(MIN..MAX).
func (t *Type) parseCount(text string) error {
	_, args, ok := arguments(text)
	if !ok {
		return fmt.Errorf("%q: expected list or list(MIN..MAX)", text)
	}
	if args == "" {
		return nil
	}
	r, err := parseRange(args)
	if err != nil || r.Min < 0 || r.Max < 0 || r.Max > 1<<20 || r.Min > 1<<20 {
		return fmt.Errorf("%q: expected list or list(MIN..MAX)", text)
	}
	t.MinItems, t.MaxItems = int(r.Min), int(r.Max)
	return nil
}

func (t *Type) parseName(text string) error {
	name, args, ok := arguments(text)
	if !ok {
		return fmt.Errorf("%q: expected TYPE or TYPE(…)", text)
	}
	t.Name = name
	switch name {
	case "enum":
		return t.parseEnum(args)
	case "pathRef":
		t.item, t.Ref = BaseString, true
		t.form = formReference
		if args != "" {
			return errors.New("pathRef takes no arguments: the tables it may point to stand in the filter `ref`")
		}
		return nil
	}
	rule := ruleOf(name)
	if rule.name == "" {
		return fmt.Errorf("unknown type %q%s", name, didYouMean(name, typeWords))
	}
	t.item, t.Ranges, t.form = rule.base, rule.ranges, rule.form
	if rule.form != nil && !rule.strict {
		t.form = func(text string) error {
			if text == "" {
				return nil
			}
			return rule.form(text)
		}
	}
	return t.parseRanges(args)
}

// arguments cuts NAME(ARGS); ok is false when the parenthesis does not end the word.
func arguments(text string) (name, args string, ok bool) {
	name, args, has := strings.Cut(text, "(")
	if !has {
		return name, "", true
	}
	args, ok = strings.CutSuffix(args, ")")
	return name, strings.TrimSpace(args), ok && args != ""
}

func (t *Type) parseEnum(args string) error {
	t.item = BaseString
	for len(args) > 0 {
		args = strings.TrimLeft(args, " \t")
		var value string
		if strings.HasPrefix(args, `"`) {
			var b strings.Builder
			n, err := quoted(args, &b)
			if err != nil {
				return err
			}
			value, args = b.String(), strings.TrimLeft(args[n:], " \t")
			if args != "" && args[0] != ',' {
				return fmt.Errorf("%s: expected a comma after the quoted value", excerpt(args))
			}
			args = strings.TrimPrefix(args, ",")
		} else {
			value, args, _ = strings.Cut(args, ",")
			if value = strings.TrimSpace(value); value == "" {
				return errors.New("enum: an empty value is written \"\"")
			}
		}
		if t.inEnum(value) {
			return fmt.Errorf("enum: %q stands there twice", value)
		}
		t.Enum = append(t.Enum, value)
	}
	if len(t.Enum) == 0 {
		return errors.New("enum: expected enum(VALUE,VALUE…)")
	}
	return nil
}

func (t *Type) parseRanges(args string) error {
	if args == "" {
		return nil
	}
	if t.item == BaseBoolean || t.item == BaseDateTime {
		return fmt.Errorf("%s takes no range", t.Name)
	}
	t.Ranges = nil
	for part := range strings.SplitSeq(args, ",") {
		r, err := parseRange(part)
		if err != nil {
			return err
		}
		if !strings.Contains(part, "..") {
			if t.item.number() {
				return fmt.Errorf("%s(%s): expected a range such as %s(0..%s)", t.Name, args, t.Name, strings.TrimSpace(part))
			}
			r.Min, r.HasMin = 0, false // string(64): at most 64
		}
		t.Ranges = append(t.Ranges, r)
	}
	return nil
}

// parseRange reads MIN..MAX with either side open, or one number for both.
func parseRange(text string) (Range, error) {
	low, high, isRange := strings.Cut(strings.TrimSpace(text), "..")
	if !isRange {
		high = low
	}
	var r Range
	var err error
	if r.HasMin = low != ""; r.HasMin {
		r.Min, err = strconv.ParseInt(low, 10, 64)
	}
	if r.HasMax = high != ""; r.HasMax && err == nil {
		r.Max, err = strconv.ParseInt(high, 10, 64)
	}
	if err != nil || !r.HasMin && !r.HasMax || r.HasMin && r.HasMax && r.Min > r.Max {
		return r, fmt.Errorf("%q: expected a range such as 1.., ..10 or 1..10", strings.TrimSpace(text))
	}
	return r, nil
}

// formAddress checks an address of IP version v, 0 for either; a zone is the router's own business and refused.
func formAddress(text string, v int) error {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" || !version(a, v) {
		return fmt.Errorf("not an IP%s address", versionName(v))
	}
	return nil
}

// formPrefix checks a prefix; a mask is one without its address: /24.
func formPrefix(text string, v int) error {
	if strings.HasPrefix(text, "/") && v == 4 {
		text = "0.0.0.0" + text
	} else if strings.HasPrefix(text, "/") {
		text, v = "::"+text, 0
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || !version(p.Addr(), v) {
		return fmt.Errorf("not an IP%s prefix such as ADDRESS/LENGTH", versionName(v))
	}
	return nil
}

func version(a netip.Addr, v int) bool { return v == 0 || (v == 4) == a.Is4() }

func versionName(v int) string {
	if v == 0 {
		return ""
	}
	return "v" + strconv.Itoa(v)
}

func formMAC(text string) error {
	if len(text) != 17 {
		return errors.New("not a MAC address such as 00:11:22:AA:BB:CC")
	}
	for i := range len(text) {
		if i%3 == 2 && text[i] != ':' || i%3 != 2 && !isHex(text[i]) {
			return errors.New("not a MAC address such as 00:11:22:AA:BB:CC")
		}
	}
	return nil
}

func formURL(text string) error {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] == 0x7f {
			return errors.New("not a URL: it holds a blank or a control character")
		}
	}
	if _, err := url.Parse(text); err != nil {
		return errors.New("not a URL") // the error quotes the URL, and with it a password
	}
	return nil
}

func formUUID(text string) error {
	if len(text) != 36 {
		return errors.New("not a UUID")
	}
	for i := range len(text) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash && text[i] != '-' || !dash && !isHex(text[i]) {
			return errors.New("not a UUID")
		}
	}
	return nil
}

// formAlias: begins with a letter, goes on with letters, digits, hyphens and underscores (9.7).
func formAlias(text string) error {
	for i := range len(text) {
		c := text[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !(c == '-' || c == '_' || '0' <= c && c <= '9')) {
			return errors.New("an alias begins with a letter and holds letters, digits, - and _ only")
		}
	}
	return nil
}

func formReference(text string) error {
	if len(text) > maxPath || text != "" && (strings.Contains(text, "..") || strings.ContainsAny(text, " \t\r\n,") || !strings.Contains(text, ".")) {
		return errors.New("not a path name")
	}
	return nil
}
