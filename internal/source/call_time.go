package source

func timeFuncs() map[string]Func { return nil }
