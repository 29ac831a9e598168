package transceiver

import (
	"errors"
	"slices"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// maxBurst is how many packets are given to the path at a time: as many as the
// system cuts from one message.
const maxBurst = 64

// A burst is packets that are given to the path together, so that those of one size
// cost little more than one.
type burst struct {
	packets [][]byte
	buffers []*sendBuffer
}

// seal protects the packet b, which was appended to the buffer's beginning, and
// puts it behind the others. The buffer is the burst's from then on.
func (u *burst) seal(sealer *srtptransport.Sealer, buf *sendBuffer, b []byte) ([]byte, error) {
	b = slices.Grow(b, srtptransport.Overhead)
	buf.b = b[:0]
	sealed, err := sealer.SealRTP(b)
	if err != nil {
		buf.release()
		if errors.Is(err, srtptransport.ErrSealedBefore) {
			err = ErrAlreadySent
		}
		return nil, err
	}
	u.packets, u.buffers = append(u.packets, sealed), append(u.buffers, buf)
	return sealed, nil
}

// copy puts a copy of a packet that was sealed before behind the others.
func (u *burst) copy(sealed []byte) {
	buf := sendBuffers.Get().(*sendBuffer)
	buf.b = append(buf.b[:0], sealed...)
	u.packets, u.buffers = append(u.packets, buf.b), append(u.buffers, buf)
}

// WriteBurst sends packets as WriteRTP does one, those of a frame for instance, each
// with its payload, and gives them to the path together. Other streams may send the
// same payloads, which are kept once for all of them; the caller keeps its own use of
// each.
//
// Packets that WriteRTP would refuse because they come twice or too late are left
// out. After another error it goes on with the next packet, and returns the first.
func (st *SendStream) WriteBurst(now time.Time, headers []rtp.Header, payloads []*Payload) error {
	return st.writeBurst(now, headers, payloads, anyWriter)
}

func (st *SendStream) writeBurst(now time.Time, headers []rtp.Header, payloads []*Payload, turn uint64) error {
	sent, kind, err := st.writeBurstLocked(now, headers, payloads, turn)
	if sent > 0 {
		st.out.armReports(now, kind == codec.Video)
	}
	return err
}

func (st *SendStream) writeBurstLocked(now time.Time, headers []rtp.Header, payloads []*Payload, turn uint64) (sent int, _ codec.Kind, first error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	sealer, first := st.ready(turn)
	if sealer == nil {
		return 0, 0, first
	}
	note := func(err error) {
		if first == nil && err != ErrAlreadySent && err != ErrTooOld {
			first = err
		}
	}
	for i := range headers {
		n, err := st.put(now, sealer, &headers[i], payloads[i].b, payloads[i])
		note(err)
		if n > 0 {
			sent++
		}
		if len(st.burst.packets) == maxBurst {
			note(st.out.flush(&st.burst))
		}
	}
	note(st.out.flush(&st.burst))
	return sent, st.cfg.Kind, first
}

// flush gives a burst to the path and empties it.
func (o *sendHalf) flush(u *burst) error {
	if len(u.packets) == 0 {
		return nil
	}
	err := o.s.cfg.Send(u.packets)
	for i, b := range u.buffers {
		b.release()
		u.packets[i], u.buffers[i] = nil, nil
	}
	u.packets, u.buffers = u.packets[:0], u.buffers[:0]
	return err
}
