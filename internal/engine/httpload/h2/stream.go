package h2

import (
	"slices"

	"onrush.dev/onrush/internal/engine/httpload/proto"
)

// stream is one exchange under way. Streams are used again, so whoever calls a
// receiver compares the id afterwards.
type stream struct {
	id      uint32 // 0: not in use
	r       proto.Receiver
	traffic proto.Traffic
	next    *stream // of those not in use

	// The request.
	file   *proto.File
	body   []byte // what is left of it, unless it is in a file
	offset int64  // in the file
	unsent int64  // bytes of the body that wait; 0: we have ended our side
	window int    // bytes that we may send; below 0 when the peer made it smaller
	broken error  // the file cannot be read: the receiver is to be told

	// The response.
	empty  bool  // it has no body: the request is a HEAD
	headed bool  // its head is here
	ended  bool  // the peer has ended its side
	length int64 // of its body; -1: not known
	got    int64 // of its body
	credit int   // bytes that the peer may send
}

// remembered is how many streams are known to have ended, so that frames that the
// peer sends on them nevertheless are noticed. Frames on streams that we reset are
// no fault: the peer did not know.
const remembered = 32

// streams are the exchanges of a connection.
type streams struct {
	open  []*stream // by id
	ids   []uint32  // of open
	spare *stream
	next  uint32 // id of the next one
	done  [remembered]uint32
	dones int
}

// add makes a stream of the next id.
func (s *streams) add(r proto.Receiver) *stream {
	st := s.spare
	if st == nil {
		st = new(stream)
	} else {
		s.spare = st.next
		*st = stream{}
	}
	st.id, st.r, st.length = s.next, r, -1
	s.next += 2
	s.open, s.ids = append(s.open, st), append(s.ids, st.id)
	return st
}

// find returns the open stream of an id, or nil.
func (s *streams) find(id uint32) *stream {
	if len(s.ids) == 1 {
		if s.ids[0] == id {
			return s.open[0]
		}
		return nil
	}
	if i, ok := slices.BinarySearch(s.ids, id); ok {
		return s.open[i]
	}
	return nil
}

// of returns the stream of a receiver, or nil.
func (s *streams) of(r proto.Receiver) *stream {
	for _, st := range s.open {
		if st.r == r {
			return st
		}
	}
	return nil
}

// idle says whether an id was never used.
func (s *streams) idle(id uint32) bool { return id&1 == 0 || id >= s.next }

// remove takes a stream out. Its fields are gone then.
func (s *streams) remove(st *stream) {
	i, ok := slices.BinarySearch(s.ids, st.id)
	if !ok {
		return
	}
	if st.ended {
		s.done[s.dones%remembered] = st.id
		s.dones++
	}
	copy(s.open[i:], s.open[i+1:])
	s.open[len(s.open)-1] = nil
	s.open, s.ids = s.open[:len(s.open)-1], append(s.ids[:i], s.ids[i+1:]...)
	*st = stream{next: s.spare}
	s.spare = st
}

// finished says whether a stream that is not open was ended by the peer, as far
// as we remember.
func (s *streams) finished(id uint32) bool { return slices.Contains(s.done[:], id) }

// Cancel implements proto.Session.
func (s *Session) Cancel(r proto.Receiver) proto.Traffic {
	st := s.of(r)
	if st == nil {
		return proto.Traffic{}
	}
	s.reset(st, codeCancel)
	return s.forget(st)
}

// reset tells the peer that we give a stream up, unless both sides have ended it.
func (s *Session) reset(st *stream, c code) {
	if s.dead != nil || st.broken != nil || (st.ended && st.unsent == 0) {
		return
	}
	p := appendNumber(s.out[:0], frameReset, st.id, uint32(c))
	s.out = p
	st.traffic.Out += int64(len(p))
	s.link.Write(p)
}

// forget takes a stream out and returns its traffic, with what was nobody's.
func (s *Session) forget(st *stream) proto.Traffic {
	t := proto.Traffic{In: st.traffic.In + s.loose.In, Out: st.traffic.Out + s.loose.Out}
	s.loose = proto.Traffic{}
	if st.unsent > 0 {
		s.unqueue(st)
	}
	if st.broken != nil {
		s.doomed--
	}
	s.remove(st)
	return t
}

// fail gives a stream up and tells its receiver.
func (s *Session) fail(st *stream, c code, err error) {
	s.reset(st, c)
	s.drop(st, err)
}

// drop fails a stream of which the peer need not be told.
func (s *Session) drop(st *stream, err error) {
	r := st.r
	r.Fail(err, s.forget(st))
}
