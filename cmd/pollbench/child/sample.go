package child

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
)

// Sample is what a child knows of itself.
type Sample struct {
	Held       int64 `json:"held"` // clients
	Goroutines int   `json:"goroutines"`
	InUse      int64 `json:"in_use"` // bytes of heap and stacks in use
	Live       int64 `json:"live"`   // bytes of what is on the heap
}

// sampleVerbs are
//
//	sample   returns a Sample
//	settle   collects garbage, gives free memory back to the system, and then the same
func sampleVerbs(held func() int64) verbs {
	sample := func(string) (any, error) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return Sample{Held: held(), Goroutines: runtime.NumGoroutine(), InUse: int64(m.HeapInuse + m.StackInuse), Live: int64(m.HeapAlloc)}, nil
	}
	settle := func(string) (any, error) {
		debug.FreeOSMemory()
		return sample("")
	}
	return verbs{"sample": sample, "settle": settle}
}

// profileVerbs adds
//
//	profile FILE   begins a CPU profile
//	profiled       ends it
func profileVerbs(v verbs) verbs {
	var file *os.File
	v["profile"] = func(name string) (_ any, err error) {
		if file, err = os.Create(name); err != nil {
			return nil, err
		}
		return nil, pprof.StartCPUProfile(file)
	}
	v["profiled"] = func(string) (any, error) {
		pprof.StopCPUProfile()
		return nil, file.Close()
	}
	return v
}
