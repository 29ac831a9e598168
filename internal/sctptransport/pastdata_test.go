package sctptransport

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"
)

// firstData returns whether the first chunk of p is one of DATA.
func firstData(p []byte) bool { return len(p) > packetHeader && p[packetHeader] == chunkData }

// TestStreamsOfThePast: what a network repeats or a peer skips of a stream that has
// been reset does not make a new one.
func TestStreamsOfThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, pa, _ := connect(t, 10*time.Millisecond, nil)
		var data []byte
		pa.onWrite(func(p []byte) bool {
			if firstData(p) {
				data = append([]byte(nil), p...)
			}
			return true
		})
		here, there := pull(a), pull(b)
		s, _ := a.OpenStream(4)
		s.Send(53, []byte("old"))
		s.Reset(nil)
		old, _ := there.accept()
		there.receive(old, make([]byte, 10))
		if _, _, err := there.receive(old, nil); err != ErrReset {
			t.Fatalf("the old stream: %v", err)
		}
		old.Reset(nil)
		if _, _, err := here.receive(s, nil); err != ErrReset {
			t.Fatalf("our old stream: %v", err)
		}
		time.Sleep(time.Second) // for the acknowledgement

		pa.onWrite(nil)
		pa.Write(data)
		skip := append([]byte(nil), data[:packetHeader]...)
		skip = append(skip, chunkForwardTSN, 0, 0, 12)
		skip = append(skip, data[packetHeader+chunkHeader:][:4]...)
		skip = binary.BigEndian.AppendUint16(skip, 4)
		skip = append(skip, 0, 0)
		seal(skip)
		pa.Write(skip)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(there.accepted); n > 0 || b.streams.known(4) != nil {
			t.Errorf("%d streams are accepted, known %v", n, b.streams.known(4))
		}
		// The id is free for another.
		again, _ := a.OpenStream(4)
		again.Send(53, []byte("new"))
		fresh, _ := there.accept()
		buf := make([]byte, 10)
		if n, _, err := there.receive(fresh, buf); string(buf[:n]) != "new" || err != nil {
			t.Errorf("got %q, %v", buf[:n], err)
		}
	})
}
