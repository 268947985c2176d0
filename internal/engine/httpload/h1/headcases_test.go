package h1

import "strings"

const (
	none = "Content-Length: 0\r\n\r\n"
	zero = "first; 200 len 0; "
)

// statusCases are about the status line (RFC 9112, 4; RFC 9110, 15).
func statusCases() []wireCase {
	bad, begun := "fail malformed", "first; fail malformed"
	return []wireCase{
		{name: "Plain", wire: "HTTP/1.1 200 OK\r\n" + none, want: zero + "end 38; kept"},
		{name: "LongReason", wire: "HTTP/1.1 404 No such\tthing, \x80\xff here\r\n" + none, want: "first; 404 len 0; end 58; kept"},
		{name: "EmptyReason", wire: "HTTP/1.1 200 \r\n" + none, want: zero + "end 36; kept"},
		{name: "NoReason", wire: "HTTP/1.1 200\r\n" + none, want: zero + "end 35; kept"},
		{name: "NoReasonBareLF", wire: "HTTP/1.1 200\nContent-Length: 0\n\n", want: zero + "end 32; kept"},
		{name: "LaterMinor", wire: "HTTP/1.7 200 OK\r\n" + none, want: zero + "end 38; kept"},
		{name: "LowestStatus", wire: "HTTP/1.1 000 \r\n" + none, want: "first; 000 len 0; end 36; kept"},
		{name: "HighestStatus", wire: "HTTP/1.1 999 Denied\r\n" + none, want: "first; 999 len 0; end 42; kept"},
		{name: "UnknownStatus", wire: "HTTP/1.1 299 Hm\r\n" + none, want: "first; 299 len 0; end 38; kept"},
		{name: "EmptyLineBefore", wire: "\r\nHTTP/1.1 200 OK\r\n" + none, want: zero + "end 40; kept"},
		{name: "EmptyLineBeforeBareLF", wire: "\nHTTP/1.1 200 OK\n" + "Content-Length: 0\n\n", want: zero + "end 36; kept"},
		{name: "TwoEmptyLinesBefore", wire: "\r\n\r\nHTTP/1.1 200 OK\r\n" + none, want: bad},
		{name: "CarriageReturnBefore", wire: "\rHTTP/1.1 200 OK\r\n" + none, want: bad},
		{name: "EmptyLineAlone", wire: "\r\n", want: "EOF; fail closed"},
		{name: "SpaceBefore", wire: " HTTP/1.1 200 OK\r\n" + none, want: bad},
		{name: "LineBehindSpace", wire: "HTTP/1.1 200 OK\r\n X: y\r\n" + none, want: begun},
		{name: "SmallLetters", wire: "http/1.1 200 OK\r\n" + none, want: bad},
		{name: "HTTP2", wire: "HTTP/2.0 200 OK\r\n" + none, want: bad},
		{name: "HTTP2NoMinor", wire: "HTTP/2 200\r\n" + none, want: bad},
		{name: "HTTP0.9", wire: "HTTP/0.9 200 OK\r\n" + none, want: bad},
		{name: "TwoDigitMinor", wire: "HTTP/1.10 200 OK\r\n" + none, want: bad},
		{name: "TwoDigitMajor", wire: "HTTP/11.1 200 OK\r\n" + none, want: bad},
		{name: "ZeroBeforeMajor", wire: "HTTP/01.1 200 OK\r\n" + none, want: bad},
		{name: "ZeroBeforeMinor", wire: "HTTP/1.01 200 OK\r\n" + none, want: bad},
		{name: "RTSP", wire: "RTSP/1.1 200 OK\r\n" + none, want: bad},
		{name: "ICY", wire: "ICY 200 OK\r\n\r\n", want: bad},
		{name: "LongerName", wire: "HTTPER/1.1 200 OK\r\n" + none, want: bad},
		{name: "ShorterName", wire: "HTP/1.1 200 OK\r\n" + none, want: bad},
		{name: "SpaceBeforeReason", wire: "HTTP/1.1 200  OK\r\n" + none, want: zero + "end 39; kept"},
		{name: "NoMinor", wire: "HTTP/1 200 OK\r\n" + none, want: bad},
		{name: "LetterMinor", wire: "HTTP/1.x 200 OK\r\n" + none, want: bad},
		{name: "CommaVersion", wire: "HTTP/1,1 200 OK\r\n" + none, want: bad},
		{name: "OtherProtocol", wire: "HTTQ/1.1 200 OK\r\n" + none, want: bad},
		{name: "NoVersion", wire: "HTTP/ 200 OK\r\n" + none, want: bad},
		{name: "TabInstead", wire: "HTTP/1.1\t200 OK\r\n" + none, want: bad},
		{name: "TwoSpaces", wire: "HTTP/1.1  200 OK\r\n" + none, want: bad},
		{name: "TwoDigits", wire: "HTTP/1.1 20 OK\r\n" + none, want: begun},
		{name: "OneDigit", wire: "HTTP/1.1 2\r\n" + none, want: begun},
		{name: "FourDigits", wire: "HTTP/1.1 2000 OK\r\n" + none, want: begun},
		{name: "TwoDigitInterim", wire: "HTTP/1.1 10 \r\n" + none, want: bad},
		{name: "NegativeStatus", wire: "HTTP/1.1 -20 OK\r\n" + none, want: bad},
		{name: "SignedStatus", wire: "HTTP/1.1 +20 OK\r\n" + none, want: bad},
		{name: "LetterStatus", wire: "HTTP/1.1 2OO OK\r\n" + none, want: begun},
		{name: "TabBehindStatus", wire: "HTTP/1.1 200\tOK\r\n" + none, want: begun},
		{name: "ReasonWithoutSpace", wire: "HTTP/1.1 200OK\r\n" + none, want: begun},
		{name: "NoStatus", wire: "HTTP/1.1\r\n" + none, want: bad},
		{name: "CarriageReturnInReason", wire: "HTTP/1.1 200 O\rK\r\n" + none, want: begun},
		{name: "TwoCarriageReturns", wire: "HTTP/1.1 200 OK\r\r\n" + none, want: begun},
		{name: "NULInReason", wire: "HTTP/1.1 200 O\x00K\r\n" + none, want: begun},
		{name: "Request", wire: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", want: bad},
		{name: "SSH", wire: "SSH-2.0", open: true, want: bad},
		{name: "HTTP2Frames", wire: "\x00\x00\x12\x04\x00\x00\x00\x00\x00", open: true, want: bad},
		{name: "TLSAlert", wire: "\x15\x03\x01\x00\x02\x02\x46", open: true, want: bad},
		{name: "Page", wire: "<html>", open: true, want: bad},
		{name: "Binary", wire: "\xff\xfe", open: true, want: bad},
		{name: "GarbageThatBeginsWell", wire: "HTTPS", open: true, want: bad},
		{name: "ShortGarbageThatBeginsWell", wire: "HTT", open: true, want: "waits"},
		{name: "Nothing", wire: "", want: "EOF; fail closed"},
		{name: "EndsInVersion", wire: "HTTP/1.", want: "EOF; fail closed"},
		{name: "EndsInStatus", wire: "HTTP/1.1 2", want: "first; EOF; fail closed"},
		{name: "EndsInInterimStatus", wire: "HTTP/1.1 10", want: "EOF; fail closed"},
		{name: "EndsBehindStatusLine", wire: "HTTP/1.1 200 OK\r\n", want: "first; EOF; fail closed"},
		{name: "EndsInName", wire: "HTTP/1.1 200 OK\r\nX-Mo", want: "first; EOF; fail closed"},
		{name: "EndsBeforeEmptyLine", wire: "HTTP/1.1 200 OK\r\nX: y\r\n", want: "first; EOF; fail closed"},
		{name: "EndsInEmptyLine", wire: "HTTP/1.1 200 OK\r\nX: y\r\n\r", want: "first; EOF; fail closed"},
		{name: "StallsInHead", wire: "HTTP/1.1 200 OK\r\nX: y\r\n", open: true, want: "first; waits"},
	}
}

// fieldCases are about header lines (RFC 9112, 2.2 and 5; RFC 9110, 5).
func fieldCases() []wireCase {
	ok := func(name, lines, fields string) wireCase {
		wire := "HTTP/1.1 304 \r\n" + lines + "\r\n"
		return wireCase{name: name, wire: wire, want: "first; 304 len 0" + fields + "; end " + itoa(len(wire)) + "; kept"}
	}
	bad := func(name, lines string) wireCase {
		return wireCase{name: name, wire: "HTTP/1.1 304 \r\n" + lines + "\r\n", want: "first; fail malformed"}
	}
	return []wireCase{
		ok("NoFields", "", ""),
		ok("NoSpace", "A:b\r\n", ` A="b"`),
		ok("Spaces", "A: \t b c \t\r\n", ` A="b c"`),
		ok("EmptyValue", "A:\r\nB: \t \r\n", ` A="" B=""`),
		ok("ColonsInValue", "A: b:c::d\r\n", ` A="b:c::d"`),
		ok("TokenName", "!#$%&'*+-.^_`|~09azAZ: x\r\n", " !#$%&'*+-.^_`|~09azAZ=\"x\""),
		ok("HighBytes", "A: \x80\xfe\xff\r\n", ` A="\x80\xfe\xff"`),
		ok("ControlsInValue", "A: \x01\x7f\x0b\r\n", ` A="\x01\x7f\v"`),
		ok("Order", "B: 1\r\nA: 2\r\nb: 3\r\nB: 4\r\n", ` B="1" A="2" b="3" B="4"`),
		ok("BareLF", "A: b\nC: d\n", ` A="b" C="d"`),
		ok("MixedLineEnds", "A: b\nC: d\r\nE: f\n", ` A="b" C="d" E="f"`),
		ok("BareLFBeforeEmptyLine", "A: b\n", ` A="b"`),
		ok("UnderscoreFirst", "_A: b\r\n.c: d\r\n", ` _A="b" .c="d"`),
		ok("QuotesInValue", "A: \"b;c\", d=\"\\\"\"\r\n", ` A="\"b;c\", d=\"\\\"\""`),
		ok("Fold", "A: b\r\n c\r\n", ` A="b   c"`),
		ok("FoldWithTab", "A: b\r\n\tc\r\n", ` A="b  `+`\tc"`),
		ok("FoldBareLF", "A: b\n c\nB: d\n", ` A="b  c" B="d"`),
		ok("FoldOfEmpty", "A:\r\n b\r\nC: d\r\n", ` A="b" C="d"`),
		ok("FoldOfSpaces", "A: b \r\n \r\n\t\r\nC: d\r\n", ` A="b" C="d"`),
		ok("FoldTwice", "A: b\r\n  c\r\n d\r\nC: d\r\n", ` A="b    c   d" C="d"`),
		ok("FoldLooksLikeField", "A: b\r\n C: d\r\n", ` A="b   C: d"`),
		ok("FoldOfLast", "A: b\r\nC: d\r\n e\r\n", ` A="b" C="d   e"`),
		bad("FoldFirst", " c\r\nA: b\r\n"),
		bad("TabFirst", "\tA: b\r\n"),
		bad("NoColon", "no colon here\r\n"),
		bad("NoColonToken", "nocolon\r\n"),
		bad("NoName", ": b\r\n"),
		bad("SpaceBeforeColon", "A : b\r\n"),
		bad("TabBeforeColon", "A\t: b\r\n"),
		bad("SpaceInName", "A b: c\r\n"),
		bad("SlashInName", "A/b: c\r\n"),
		bad("BracketInName", "A[0]: c\r\n"),
		bad("QuotedName", "\"A\": c\r\n"),
		bad("HighByteInName", "\xc3\xa4: c\r\n"),
		bad("ControlInName", "A\x01: c\r\n"),
		bad("NULInName", "A\x00: c\r\n"),
		bad("NULInValue", "A: b\x00c\r\n"),
		bad("CarriageReturnInName", "A\rB: c\r\n"),
		bad("CarriageReturnInValue", "A: b\rc\r\n"),
		bad("CarriageReturnHidesField", "A: b\rContent-Length: 3\r\n"),
		bad("TwoCarriageReturnsInField", "A: b\r\r\n"),
		bad("CarriageReturnInFold", "A: b\r\n \rc\r\n"),
		bad("CarriageReturnBeforeEmptyLine", "A: b\r\n\r"),
		bad("SecondStatusLine", "HTTP/1.1 200 OK\r\n"),
	}
}

// boundCases are about what has no end, with 400 bytes of heads, bodies of 50,
// and 3 interim responses allowed.
func boundCases() []wireCase {
	long := strings.Repeat("x", 500)
	interim := "HTTP/1.1 103 \r\nLink: a\r\n\r\n"
	fit := "HTTP/1.1 204 \r\nA: " + strings.Repeat("x", 400-22) + "\r\n\r\n"
	return []wireCase{
		{name: "HeadThatFits", wire: fit, want: `first; 204 len 0 A="` + strings.Repeat("x", 378) + `"; end 400; kept`},
		{name: "HeadOneTooMany", wire: strings.Replace(fit, "A:", "AA:", 1), want: "first; fail malformed"},
		{name: "EndlessReason", wire: "HTTP/1.1 200 " + long, open: true, want: "first; fail malformed"},
		{name: "EndlessField", wire: "HTTP/1.1 200 \r\nA: " + long, open: true, want: "first; fail malformed"},
		{name: "EndlessName", wire: "HTTP/1.1 200 \r\n" + long, open: true, want: "first; fail malformed"},
		{name: "EndlessFields", wire: "HTTP/1.1 200 \r\n" + strings.Repeat("A: b\r\n", 100), open: true, want: "first; fail malformed"},
		{name: "EndlessFolds", wire: "HTTP/1.1 200 \r\nA: b\r\n" + strings.Repeat(" c\r\n", 100), open: true, want: "first; fail malformed"},
		{name: "EndlessInterim", wire: strings.Repeat(interim, 4), open: true, want: "interim 103; interim 103; interim 103; fail malformed"},
		{name: "LargeInterim", wire: "HTTP/1.1 103 \r\nA: " + strings.Repeat("x", 300) + "\r\n\r\nHTTP/1.1 200 \r\n" + strings.Repeat("A: b\r\n", 20), open: true, want: "interim 103; first; fail malformed"},
		{name: "HeadEndsInStatusOfSecond", wire: "HTTP/1.1 103 \r\nA: " + strings.Repeat("x", 370) + "\r\n\r\nHTTP/1.1 200 \r\n", open: true, want: "interim 103; fail malformed"},
		{name: "EndlessTrailers", wire: "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 80), open: true, want: "first; 200 len -1; fail malformed"},
		{name: "EndlessTrailer", wire: "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + long, open: true, want: "first; 200 len -1; fail malformed"},
		{name: "BodyThatFits", wire: "HTTP/1.1 200 \r\nContent-Length: 50\r\n\r\n" + long[:50], want: `first; 200 len 50; "` + long[:50] + `"; end 87; kept`},
		{name: "DeclaredTooLong", wire: "HTTP/1.1 200 \r\nContent-Length: 51\r\n\r\n", open: true, want: "first; 200 len 51; fail too_large"},
		{name: "RestThatFits", wire: "HTTP/1.1 200 \r\n\r\n" + long[:50], want: `first; 200 len -1; "` + long[:50] + `"; EOF; end 67`},
		{name: "RestTooLong", wire: "HTTP/1.1 200 \r\n\r\n" + long[:51], open: true, want: `first; 200 len -1; "` + long[:50] + `"; fail too_large`},
		{name: "ChunksThatFit", wire: "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n30\r\n" + long[:48] + "\r\n2\r\nab\r\n0\r\n\r\n", want: `first; 200 len -1; "` + long[:48] + `ab"; end 111; kept`},
		{name: "ChunkTooLong", wire: "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n33\r\n", open: true, want: `first; 200 len -1; fail too_large`},
		{name: "ChunksTooLong", wire: "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n30\r\n" + long[:48] + "\r\n3\r\nabc\r\n0\r\n\r\n", open: true, want: `first; 200 len -1; "` + long[:48] + `"; fail too_large`},
		{name: "LongHEAD", method: "HEAD", wire: "HTTP/1.1 200 \r\nContent-Length: 5000\r\n\r\n", want: "first; 200 len 0; end 39; kept"},
	}
}
