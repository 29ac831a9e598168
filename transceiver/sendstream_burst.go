package transceiver

import (
	"errors"
	"slices"

	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// A burst is packets that are given to the path together.
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
