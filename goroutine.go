package webrtc

import (
	"bytes"
	"runtime"
)

// goroutineID returns the number of the calling goroutine as its trace shows it,
// "goroutine 7 [running]:", which is the only way to tell a handler from others that
// call the same getter. It takes about a microsecond, and is asked for while a
// handler runs only. Without a trace in that form it is 0, the same for all.
func goroutineID() (id uint64) {
	var b [40]byte
	trace, _ := bytes.CutPrefix(b[:runtime.Stack(b[:], false)], []byte("goroutine "))
	for _, c := range trace {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}
