package model

// Language tells every word of the definitions' language with its kind, and clauses and filters with what follows them, for
// people to look up.
func Language(tell func(kind, word string)) {
	for _, word := range typeWords {
		tell("types", word)
	}
	for i := range flags {
		tell("flags", flags[i].word)
	}
	for _, word := range verbs {
		tell("sources", word)
	}
	for i := range clauseRules {
		tell("clauses", clauseRules[i].kind+" "+clauseRules[i].want)
	}
	for _, name := range sortedKeys(filterRules) {
		tell("filters", filterRules[name].want)
	}
}
