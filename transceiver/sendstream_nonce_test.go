package transceiver

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/parleyrtc/webrtc/internal/codec"
	"github.com/parleyrtc/webrtc/internal/srtptransport"
)

// RFC 7714 §8.4: whatever is written, asked for again, replaced and set anew, no
// sequence number of a source leaves with two contents.
func TestNoNonceIsUsedTwice(t *testing.T) {
	seeds := uint64(4)
	if raceDetector || testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newSendWorld(t)
		packets := map[[6]byte][]byte{}
		sent, again := 0, 0
		w.s.cfg.Send = func(all [][]byte) error {
			for _, p := range all {
				if 192 <= p[1] && p[1] <= 223 {
					continue
				}
				key := [6]byte(append(bytes.Clone(p[8:12]), p[2:4]...))
				switch _, err := w.open.OpenRTP(bytes.Clone(p)); {
				case err == nil: // an index that is new
					packets[key] = bytes.Clone(p)
					sent++
				case err == srtptransport.ErrReplayed && bytes.Equal(packets[key], p):
					again++
				default:
					t.Fatalf("seed %d: %x was sent as %x and as %x: %v", seed, key, packets[key], p, err)
				}
			}
			return nil
		}
		c := videoConfig()
		c.Extensions = allExtensions
		st := w.s.NewSendStream(c, SendEvents{})
		sequence, timestamp := uint16(r.Uint32()), r.Uint32()
		for range 100000 {
			w.after(time.Duration(r.IntN(2000)) * time.Microsecond)
			h := rtpHeaderOf(96, sequence, timestamp)
			switch k := r.IntN(1000); {
			case k < 100:
				h.SequenceNumber -= uint16(r.IntN(300)) // late, or sent before
			case k < 300:
				sequences := make([]uint16, 1+r.IntN(5))
				for i := range sequences {
					sequences[i] = uint16(st.numbers.out) - uint16(r.IntN(100))
				}
				w.nack(sequences...)
				continue
			case k < 302:
				st.Rebase()
				sequence, timestamp = uint16(r.Uint32()), r.Uint32()
				continue
			case k < 304:
				// With and without RTX: a packet may be kept in either way.
				c.Codecs = []codec.Codec{vp8, rtx}[:1+r.IntN(2)]
				st.Configure(c)
				continue
			case k < 306:
				sequence += uint16(r.IntN(30000)) // a gap
			default:
				sequence++
				timestamp++
				h.SequenceNumber, h.Timestamp = sequence, timestamp
			}
			_, _ = st.WriteRTP(w.now, h, []byte{byte(r.Uint32()), byte(r.Uint32())})
		}
		if sent < 50000 || again < 1000 || st.numbers.out < 3*numberBase {
			t.Errorf("seed %d: only %d packets, %d of them again, up to %d", seed, sent, again, st.numbers.out)
		}
	}
}
