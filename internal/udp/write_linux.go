//go:build linux && !udpplain

package udp

import (
	"net/netip"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	maxWrite    = 64    // messages in one system call
	maxIovecs   = 256   // buffers in one system call
	maxSegments = 64    // UDP_MAX_SEGMENTS of kernels before 6.9
	maxGSOBytes = 65000 // of one message, headers left out
)

var noAddr netip.AddrPort

// outgoing is a message that has been laid out: one datagram, or several that
// GSO cuts from it.
type outgoing struct {
	bytes   int
	iovs    int
	segment int // 0 for a single datagram
	entry   int // the last entry of the batch that it holds some of
	done    int // how many entries are complete when it has been sent
}

// writer is what sendmmsg needs. Writers are shared: WriteBatch takes one for as
// long as it runs.
type writer struct {
	c          *batchConn
	maxSegment int   // for GSO; 0 if it is not to be used
	sent       int   // entries
	failed     int   // the entry that failed last, -1 for none
	err        error // of the first that failed

	msgs     [maxWrite]mmsghdr
	iov      [maxIovecs]unix.Iovec
	names    [maxWrite]sockaddr
	controls [maxWrite]control
	out      [maxWrite]outgoing
	end      int // messages laid out
	iovs     int // of them
	most     int // iovs at any time since the writer was taken
	bytes    int // of them

	try   func(uintptr) // the method send, bound once
	todo  []mmsghdr     // for send
	got   int
	errno syscall.Errno

	// single is for what GSO was refused for.
	single    [1]mmsghdr
	singleIov unix.Iovec
}

var writers = sync.Pool{New: func() any {
	w := &writer{}
	w.try = w.send
	return w
}}

// maxWriteWait is how many milliseconds a write waits for room in the socket's
// buffer. At any rate that an interface is worth using at, a full buffer has room
// much sooner.
const maxWriteWait = 20

// send sends what it can without waiting.
func (w *writer) send(uintptr) {
	for {
		w.got, w.errno = w.c.sendmmsg(w.c.fd, w.todo)
		if w.errno != unix.EINTR {
			return
		}
	}
}

// wait waits until the socket's buffer has room, and sends then what it can. The
// kernel calls a socket writable only when half of its buffer is empty, and there is
// room much sooner: it is tried each millisecond.
func (w *writer) wait(uintptr) {
	fds := [1]unix.PollFd{{Fd: int32(w.c.fd), Events: unix.POLLOUT}}
	for tries := 0; tries < maxWriteWait && w.errno == unix.EAGAIN; tries++ {
		_, _ = unix.Poll(fds[:], 1)
		w.send(0)
	}
}

// WriteBatch implements Conn. Entries that follow each other with one
// destination, ECN field and size are joined for GSO, so that they cost little more
// than one.
func (b *batchConn) WriteBatch(batch []Datagram) (int, error) {
	w := writers.Get().(*writer)
	w.c, w.sent, w.failed, w.err, w.most = b, 0, -1, nil, 0
	w.maxSegment = int(b.maxGSO.Load())
	err := w.write(batch)
	if err == nil {
		err = w.err
	}
	sent := w.sent
	w.c, w.err, w.todo = nil, nil, nil
	clear(w.iov[:w.most]) // the buffers are the caller's again
	w.singleIov.Base = nil
	writers.Put(w)
	return sent, err
}

// write sends batch in bursts. The error it returns ends the socket; those of
// single entries are in w.err.
func (w *writer) write(batch []Datagram) error {
	offset := 0 // in batch[at], of what has been laid out
	for at := 0; at < len(batch); {
		w.end, w.iovs, w.bytes = 0, 0, 0
		at, offset = w.layOut(batch, at, offset)
		w.most = max(w.most, w.iovs)
		if err := w.flush(); err != nil {
			return err
		}
		if at < len(batch) {
			runtime.Gosched() // a reader on this machine may need the time
		}
	}
	return nil
}

// layOut prepares messages from batch[at], of which offset bytes are laid out,
// until there is no room or enough for a burst. It returns where it stopped.
func (w *writer) layOut(batch []Datagram, at, offset int) (int, int) {
	for at < len(batch) && w.end < maxWrite && w.iovs < maxIovecs && w.bytes < MaxBurst {
		d := &batch[at]
		o := w.begin(d)
		if segmented(d) {
			n := min(d.N-offset, d.SegmentSize*w.segments(d.SegmentSize))
			w.add(o, d.Buf[offset:offset+n])
			o.segment, o.entry = d.SegmentSize, at
			if offset += n; offset == d.N {
				o.done = 1
				at, offset = at+1, 0
			}
		} else {
			run := w.run(batch[at:])
			for k := range run {
				w.add(o, batch[at+k].Buf[:batch[at+k].N])
			}
			at += run
			o.segment, o.entry, o.done = d.N, at-1, run
		}
		w.finish(o, d)
	}
	return at, offset
}

func segmented(d *Datagram) bool { return 0 < d.SegmentSize && d.SegmentSize < d.N }

// segments returns how many segments of size bytes the next message may have.
func (w *writer) segments(size int) int {
	if size == 0 || size > w.maxSegment {
		return 1
	}
	return min(maxSegments, max(1, min(maxGSOBytes, MaxBurst-w.bytes)/size))
}

// run returns how many entries at the start of batch one message takes: all but
// the last have the size of the first, and the last is no larger.
func (w *writer) run(batch []Datagram) int {
	first := &batch[0]
	limit := min(len(batch), maxIovecs-w.iovs, w.segments(first.N))
	for n := 1; n < limit; n++ {
		d := &batch[n]
		if d.N == 0 || d.N > first.N || segmented(d) || d.Addr != first.Addr || d.ECN != first.ECN {
			return n
		}
		if d.N < first.N {
			return n + 1
		}
	}
	return max(limit, 1)
}

// begin starts a message to d.Addr.
func (w *writer) begin(d *Datagram) *outgoing {
	k := w.end
	w.end++
	w.msgs[k].hdr = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&w.names[k])), Iov: &w.iov[w.iovs]}
	w.msgs[k].hdr.Namelen = encode(&w.names[k], d.Addr, w.c.is4)
	w.out[k] = outgoing{}
	return &w.out[k]
}

func (w *writer) add(o *outgoing, b []byte) {
	w.iov[w.iovs].Base = unsafe.SliceData(b)
	w.iov[w.iovs].SetLen(len(b))
	w.iovs++
	w.bytes += len(b)
	o.iovs++
	o.bytes += len(b)
}

// finish ends the message begun last with its control messages.
func (w *writer) finish(o *outgoing, d *Datagram) {
	k := w.end - 1
	h, c := &w.msgs[k].hdr, &w.controls[k]
	h.SetIovlen(o.iovs)
	n := 0
	if ecn := uint32(d.ECN & 3); ecn != 0 {
		if w.c.is4 {
			n = c.append(n, unix.IPPROTO_IP, unix.IP_TOS, ecn, 4)
		} else {
			n = c.append(n, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, ecn, 4)
		}
	}
	if o.bytes <= o.segment {
		o.segment = 0
	} else {
		n = c.append(n, unix.IPPROTO_UDP, unix.UDP_SEGMENT, uint32(o.segment), 2)
	}
	setControl(h, c, n)
}

func setControl(h *unix.Msghdr, c *control, n int) {
	h.Control = nil
	if n > 0 {
		h.Control = (*byte)(unsafe.Pointer(c))
	}
	h.SetControllen(n)
}

// transmit sends the first of msgs and as many more as go at once, and leaves
// the outcome in w.got and w.errno. The error is that of a closed socket,
// or of one whose buffer stays full.
func (w *writer) transmit(msgs []mmsghdr) error {
	w.todo = msgs
	if msgs[0].hdr.Namelen == 0 {
		w.errno = unix.EAFNOSUPPORT
		return nil
	}
	stalled := w.c.stalled.Load()
	if err := w.c.control("write", w.try); err != nil {
		return err
	}
	// An interface that is stalled must hold nobody up: what it does not take
	// within maxWriteWait is lost, as datagrams may be, and then nobody waits again
	// until it has taken something.
	if w.errno == unix.EAGAIN && !stalled {
		if err := w.c.control("write", w.wait); err != nil {
			return err
		}
	}
	if full := w.errno == unix.EAGAIN; full != stalled {
		w.c.stalled.Store(full)
	}
	if w.errno == unix.EAGAIN {
		return w.c.fail("write", "sendmmsg", netip.AddrPort{}, unix.ENOBUFS) // the rest of the batch would wait as long
	}
	return nil
}

// flush sends the messages laid out. A message that the system refuses is
// skipped, or sent datagram by datagram if it was refused for its segments.
func (w *writer) flush() error {
	first := 0 // of the messages whose buffers are not sent
	iov := 0   // its first buffer
	for first < w.end {
		if err := w.transmit(w.msgs[first:w.end]); err != nil {
			return err
		}
		o := &w.out[first]
		switch {
		case w.errno == 0:
			for range w.got {
				o := &w.out[first]
				if w.failed != o.entry {
					w.sent += o.done
				}
				iov += o.iovs
				first++
			}
			continue
		case o.segment > 0 && refusesGSO(w.errno):
			if err := w.splitUp(first, iov); err != nil {
				return err
			}
		default:
			w.fail(o.entry, first)
		}
		iov += o.iovs
		first++
	}
	return nil
}

// fail records that message k, and with it an entry, was not sent.
func (w *writer) fail(entry, k int) {
	w.failed = entry
	if w.err == nil {
		w.err = w.c.fail("write", "sendmmsg", decode(&w.names[k]), w.errno)
	}
}

// refusesGSO says whether a message with segments may fail with errno where its
// datagrams would pass one by one: interfaces without checksum offload give
// EIO, segments larger than the MTU EINVAL or EMSGSIZE.
func refusesGSO(errno syscall.Errno) bool {
	switch errno {
	case unix.EIO, unix.EINVAL, unix.EMSGSIZE, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
		return true
	}
	return false
}

// splitUp sends the datagrams of message k, whose buffers start at iov, one by one,
// and keeps the socket from trying GSO in vain again if they pass.
func (w *writer) splitUp(k, iov int) error {
	o, refusal := &w.out[k], w.errno
	h := &w.single[0].hdr
	*h = w.msgs[k].hdr
	h.Iov = &w.singleIov
	h.SetIovlen(1)
	// UDP_SEGMENT is the last control message.
	setControl(h, &w.controls[k], int(h.Controllen)-unix.CmsgSpace(2))
	datagrams, passed, complete := 0, 0, 0
	for _, v := range w.iov[iov : iov+o.iovs] {
		ok := true
		for b := unsafe.Slice(v.Base, int(v.Len)); len(b) > 0; {
			n := min(len(b), o.segment)
			w.singleIov.Base = unsafe.SliceData(b)
			w.singleIov.SetLen(n)
			b = b[n:]
			datagrams++
			if err := w.transmit(w.single[:]); err != nil {
				return err
			}
			if w.errno == 0 {
				passed++
			} else {
				ok = false
				w.fail(o.entry, k)
			}
		}
		if ok {
			complete++
		}
	}
	switch {
	case o.iovs > 1:
		w.sent += complete
	case w.failed != o.entry:
		w.sent += o.done
	}
	if passed == datagrams {
		w.c.limitGSO(refusal, o.segment)
		w.maxSegment = int(w.c.maxGSO.Load())
	}
	return nil
}

// limitGSO lowers maxGSO after a message with segments of size bytes was
// refused.
func (b *batchConn) limitGSO(refusal syscall.Errno, size int) {
	limit := int32(0)
	if refusal == unix.EINVAL || refusal == unix.EMSGSIZE {
		limit = int32(size - 1)
	}
	for {
		old := b.maxGSO.Load()
		if old <= limit || b.maxGSO.CompareAndSwap(old, limit) {
			return
		}
	}
}
