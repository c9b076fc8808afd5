package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/spf13/pflag"
)

// The shells' parts: they hand the line up to the cursor to `completion words` and offer what it prints.
const (
	bashCompletion = `_cwmpd() {
	local IFS=$'\n'
	COMPREPLY=($("$1" completion words "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
	[[ ${COMPREPLY-} != *[.=] ]] || compopt -o nospace
}
complete -o default -F _cwmpd cwmpd
`
	zshCompletion = `#compdef cwmpd
_cwmpd() {
	local -a list
	list=(${(f)"$($words[1] completion words "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)"})
	(($#list)) || { _files; return }
	compadd -S '' -- ${(M)list:#*[.=]}
	compadd -- ${list:#*[.=]}
}
compdef _cwmpd cwmpd
`
)

func completionVerb() verb {
	return verb{
		name: "completion", args: "bash | zsh", summary: "print what makes a shell complete this program's words",
		help: `'. <(cwmpd completion bash)' in ~/.bashrc, or the same for zsh in ~/.zshrc after
compinit. Paths are those of the daemon, when it runs. OpenWrt's ash cannot do it.`,
		run: func(ctx context.Context, o *options, args []string) error {
			switch {
			case len(args) == 1 && args[0] == "bash":
				io.WriteString(o.stdout, bashCompletion)
			case len(args) == 1 && args[0] == "zsh":
				io.WriteString(o.stdout, zshCompletion)
			case len(args) == 2 && args[0] == "words":
				for _, word := range complete(ctx, o, args[1]) {
					fmt.Fprintln(o.stdout, word)
				}
			default:
				return usagef("completion: bash or zsh?")
			}
			return nil
		},
	}
}

// complete lists what the last word of a line, which ends at the cursor, may become. What the table of verbs does not know,
// such as names of files, is left to the shell.
func complete(ctx context.Context, o *options, line string) (list []string) {
	words := strings.Fields(line)
	if line == "" || unicode.IsSpace(rune(line[len(line)-1])) {
		words = append(words, "")
	}
	last := words[len(words)-1]
	offer := func(word string) {
		if strings.HasPrefix(word, last) {
			list = append(list, word)
		}
	}
	var v verb
	fs := v.flagSet(o)
	fs.SetInterspersed(false)
	if len(words) < 2 || fs.Parse(words[1:len(words)-1]) != nil { // a flag wants a value, or is none
		return nil
	}
	if args := fs.Args(); len(args) > 0 {
		v = verbNamed(args[0])
		fs = v.flagSet(o)
		if v.name == "" || fs.Parse(args[1:]) != nil {
			return nil
		}
	}
	switch {
	case strings.HasPrefix(last, "-"):
		fs.VisitAll(func(f *pflag.Flag) { offer("--" + f.Name) })
	case v.name == "" || v.name == "help":
		for _, v := range verbs() {
			offer(v.name)
		}
		if v.name != "" {
			for i := range topics {
				offer(topics[i].name)
			}
		}
	case strings.Contains(v.args, "PATH") || strings.Contains(v.args, "OBJECT"):
		paths(ctx, o, last, strings.Contains(v.args, "="), offer)
	case fs.NArg() == 0: // words in small letters are meant as they are
		for _, word := range strings.Fields(v.args) {
			if word = strings.Trim(word, "[]"); word == strings.ToLower(word) && word != "|" {
				offer(word)
			}
		}
	}
	return list
}

// paths offers the next level of the data model below what is there of a path; assign: to parameters a value will be given.
func paths(ctx context.Context, o *options, path string, assign bool, offer func(string)) {
	above := path[:strings.LastIndexByte(path, '.')+1]
	if above == "" {
		offer("Device.")
		return
	}
	c := running(ctx, o)
	if c == nil {
		return
	}
	defer c.Close()
	names, _ := c.Names(ctx, above, true)
	for _, n := range names {
		switch {
		case !assign || strings.HasSuffix(n.Path, "."):
			offer(n.Path)
		case n.Writable:
			offer(n.Path + "=")
		}
	}
}
