package source

func deviceFuncs() map[string]Func { return nil }
