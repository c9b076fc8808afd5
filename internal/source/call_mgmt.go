package source

func mgmtFuncs() map[string]Func { return nil }
