package udp

const (
	// MaxBurst is how many bytes may go to one destination back to back without
	// overflowing a receiver whose socket has the usual 208 KiB, half of which
	// the kernel's own accounting takes. Whoever paces should stay below;
	// WriteBatch lets other goroutines run after that much.
	MaxBurst = 64 << 10
	// MaxJoined is the size that Bufs must have for ReadBatch to fill them with
	// joined datagrams.
	MaxJoined = 65535

	// socketBuffer is what sockets ask for in each direction. The usual default
	// overflows under bursts that a reader which is scheduled late would
	// otherwise survive.
	socketBuffer = 4 << 20
)
