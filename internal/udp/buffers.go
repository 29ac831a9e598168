package udp

const (
	// socketBuffer is what sockets ask for in each direction. The usual default
	// of 208 KiB overflows under bursts that a reader which is scheduled late
	// would otherwise survive.
	socketBuffer = 4 << 20
	// minSocketBuffer is not worth asking for: every system grants it.
	minSocketBuffer = 256 << 10
)
