package cwmp

import (
	"slices"
	"strings"

	"github.com/cwmpd/cwmpd/internal/model"
)

// checkInformParameter says why a row of InformParameter cannot have a value (I-9), "" when it can. Parameters that are in
// every Inform, partial paths and 4 VALUE CHANGE cannot be asked for. An unknown parameter can: it is left out until it is
// there.
func checkInformParameter(tree *model.Tree, path, text string) (msg string) {
	if !strings.HasPrefix(path, informParameterTable) {
		return ""
	}
	_, name, _ := strings.Cut(path[len(informParameterTable):], ".")
	switch name {
	case "EventList":
		for item := range strings.SplitSeq(text, ",") {
			if strings.TrimSpace(item) == EventValueChange {
				return EventValueChange + " cannot be listed"
			}
		}
	case "ParameterName":
		if strings.HasSuffix(text, ".") {
			return "a partial path"
		}
		if slices.Contains(tree.Informs(), text) {
			return "is in every Inform anyway"
		}
		if _, err := tree.Lookup(text); err != nil && strings.Contains(text, "*") {
			return "a wildcard stands for an instance of a table"
		}
	}
	return ""
}
