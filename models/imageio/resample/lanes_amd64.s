#include "textflag.h"

// The bits before and behind the split of a weight, and of the result; fixedBits and lowBits in Go.
#define LOWBITS $11
#define FIXEDBITS $22

DATA rounding<>+0(SB)/4, $2097152 // half of a gray level: 1 << (fixedBits-1)
GLOBL rounding<>(SB), RODATA|NOPTR, $4

// TWO loads two rows whose distance is eight rows into the halves of a register.
#define TWO(low, high, x, y) \
	VMOVDQU     low, x         \
	VINSERTI128 $1, high, y, y

// func pairColumns(dst, src *uint8, to, next, stride, step, blocks int)
TEXT ·pairColumns(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ to+16(FP), R13
	MOVQ next+24(FP), R14
	MOVQ stride+32(FP), R8
	MOVQ step+40(FP), BX
	MOVQ blocks+48(FP), CX
	LEAQ (R8)(R8*2), R9
	LEAQ (R13)(R13*2), DX

columns:
	LEAQ (SI)(R8*4), R10
	LEAQ (SI)(R8*8), R11
	LEAQ (R10)(R8*8), R12
	TWO((SI), (R11), X0, Y0)
	TWO((SI)(R8*1), (R11)(R8*1), X1, Y1)
	TWO((SI)(R8*2), (R11)(R8*2), X2, Y2)
	TWO((SI)(R9*1), (R11)(R9*1), X3, Y3)
	TWO((R10), (R12), X4, Y4)
	TWO((R10)(R8*1), (R12)(R8*1), X5, Y5)
	TWO((R10)(R8*2), (R12)(R8*2), X6, Y6)
	TWO((R10)(R9*1), (R12)(R9*1), X7, Y7)
	// Words of two rows, then of four, then of eight stand side by side.
	VPUNPCKLWD  Y1, Y0, Y8
	VPUNPCKHWD  Y1, Y0, Y9
	VPUNPCKLWD  Y3, Y2, Y10
	VPUNPCKHWD  Y3, Y2, Y11
	VPUNPCKLWD  Y5, Y4, Y12
	VPUNPCKHWD  Y5, Y4, Y13
	VPUNPCKLWD  Y7, Y6, Y14
	VPUNPCKHWD  Y7, Y6, Y15
	VPUNPCKLDQ  Y10, Y8, Y0
	VPUNPCKHDQ  Y10, Y8, Y1
	VPUNPCKLDQ  Y11, Y9, Y2
	VPUNPCKHDQ  Y11, Y9, Y3
	VPUNPCKLDQ  Y14, Y12, Y4
	VPUNPCKHDQ  Y14, Y12, Y5
	VPUNPCKLDQ  Y15, Y13, Y6
	VPUNPCKHDQ  Y15, Y13, Y7
	VPUNPCKLQDQ Y4, Y0, Y8
	VPUNPCKHQDQ Y4, Y0, Y9
	VPUNPCKLQDQ Y5, Y1, Y10
	VPUNPCKHQDQ Y5, Y1, Y11
	VPUNPCKLQDQ Y6, Y2, Y12
	VPUNPCKHQDQ Y6, Y2, Y13
	VPUNPCKLQDQ Y7, Y3, Y14
	VPUNPCKHQDQ Y7, Y3, Y15
	LEAQ        (DI)(R13*4), AX
	VMOVDQU     Y8, (DI)
	VMOVDQU     Y9, (DI)(R13*1)
	VMOVDQU     Y10, (DI)(R13*2)
	VMOVDQU     Y11, (DI)(DX*1)
	VMOVDQU     Y12, (AX)
	VMOVDQU     Y13, (AX)(R13*1)
	VMOVDQU     Y14, (AX)(R13*2)
	VMOVDQU     Y15, (AX)(DX*1)
	ADDQ        BX, SI
	ADDQ        R14, DI
	DECQ        CX
	JNZ         columns
	VZEROUPPER
	RET

// func pairRows(dst, row, next *uint8, samples int)
TEXT ·pairRows(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ next+16(FP), DX
	MOVQ samples+24(FP), CX
	XORQ AX, AX

samples:
	VMOVDQU    (SI)(AX*1), Y0
	VMOVDQU    (DX)(AX*1), Y1
	VPUNPCKLBW Y1, Y0, Y2
	VPUNPCKHBW Y1, Y0, Y3
	VPERM2I128 $0x20, Y3, Y2, Y4
	VPERM2I128 $0x31, Y3, Y2, Y5
	VMOVDQU    Y4, (DI)(AX*2)
	VMOVDQU    Y5, 32(DI)(AX*2)
	ADDQ       $32, AX
	CMPQ       AX, CX
	JLT        samples
	VZEROUPPER
	RET

// WEIGH adds the products of sixteen pairs of samples with the weights in Y12 and Y13: a and b get those with the lower bits, c and d those
// with the upper.
#define WEIGH(from, a, b, c, d) \
	VMOVDQU    from, Y8     \
	VPUNPCKHBW Y15, Y8, Y9  \
	VPUNPCKLBW Y15, Y8, Y8  \
	VPMADDWD   Y12, Y8, Y10 \
	VPMADDWD   Y12, Y9, Y11 \
	VPADDD     Y10, a, a    \
	VPADDD     Y11, b, b    \
	VPMADDWD   Y13, Y8, Y8  \
	VPMADDWD   Y13, Y9, Y9  \
	VPADDD     Y8, c, c     \
	VPADDD     Y9, d, d

// JOIN adds the sums of the upper bits of the weights to those of the lower.
#define JOIN(a, b, c, d) \
	VPSLLD LOWBITS, c, c \
	VPSLLD LOWBITS, d, d \
	VPADDD c, a, a       \
	VPADDD d, b, b

// func sumColumns(out *uint8, sums *int32, pairs *uint8, stride, count int, weights *uint64, samples, flags int)
TEXT ·sumColumns(SB), NOSPLIT, $0-64
	MOVQ         out+0(FP), DI
	MOVQ         sums+8(FP), DX
	MOVQ         pairs+16(FP), SI
	MOVQ         stride+24(FP), R8
	MOVQ         weights+40(FP), R9
	MOVQ         samples+48(FP), CX
	MOVQ         flags+56(FP), R10
	VPXOR        Y15, Y15, Y15
	VPBROADCASTD rounding<>(SB), Y14

samples:
	MOVQ  SI, R11
	MOVQ  R9, R12
	MOVQ  count+32(FP), AX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

pair:
	VPBROADCASTD (R12), Y12
	VPBROADCASTD 4(R12), Y13
	WEIGH((R11), Y0, Y1, Y2, Y3)
	WEIGH(32(R11), Y4, Y5, Y6, Y7)
	ADDQ         R8, R11
	ADDQ         $8, R12
	DECQ         AX
	JNZ          pair
	JOIN(Y0, Y1, Y2, Y3)
	JOIN(Y4, Y5, Y6, Y7)
	TESTQ        $1, R10
	JNZ          begin
	VPADDD       (DX), Y0, Y0
	VPADDD       32(DX), Y1, Y1
	VPADDD       64(DX), Y4, Y4
	VPADDD       96(DX), Y5, Y5
	JMP          begun

begin:
	VPADDD Y14, Y0, Y0
	VPADDD Y14, Y1, Y1
	VPADDD Y14, Y4, Y4
	VPADDD Y14, Y5, Y5

begun:
	TESTQ     $2, R10
	JNZ       finish
	VMOVDQU   Y0, (DX)
	VMOVDQU   Y1, 32(DX)
	VMOVDQU   Y4, 64(DX)
	VMOVDQU   Y5, 96(DX)
	JMP       finished

finish:
	VPSRAD    FIXEDBITS, Y0, Y0
	VPSRAD    FIXEDBITS, Y1, Y1
	VPSRAD    FIXEDBITS, Y4, Y4
	VPSRAD    FIXEDBITS, Y5, Y5
	VPACKUSDW Y1, Y0, Y0
	VPACKUSDW Y5, Y4, Y4
	VPACKUSWB Y4, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0
	VMOVDQU   Y0, (DI)

finished:
	ADDQ $64, SI
	ADDQ $32, DI
	ADDQ $128, DX
	SUBQ $32, CX
	JNZ  samples
	VZEROUPPER
	RET

// func sumAlong(dst, pairs *uint8, color, toColor int, starts *pairSpan, each int, weights *uint64, results int)
TEXT ·sumAlong(SB), NOSPLIT, $0-64
	MOVQ         dst+0(FP), DI
	MOVQ         color+16(FP), R8
	MOVQ         toColor+24(FP), R14
	MOVQ         starts+32(FP), BX
	MOVQ         each+40(FP), R13
	MOVQ         weights+48(FP), R9
	MOVQ         results+56(FP), CX
	SHLQ         $3, R13
	VPXOR        Y15, Y15, Y15
	VPBROADCASTD rounding<>(SB), Y14

result:
	MOVLQSX (BX), SI
	SHLQ    $5, SI
	ADDQ    pairs+8(FP), SI
	MOVQ    DI, DX
	MOVQ    $3, R10

color:
	MOVQ    SI, R11
	MOVQ    R9, R12
	MOVLQSX 4(BX), AX
	VPXOR   Y0, Y0, Y0
	VPXOR   Y1, Y1, Y1
	VPXOR   Y2, Y2, Y2
	VPXOR   Y3, Y3, Y3

pair:
	VPBROADCASTD (R12), Y12
	VPBROADCASTD 4(R12), Y13
	WEIGH((R11), Y0, Y1, Y2, Y3)
	ADDQ         $32, R11
	ADDQ         $8, R12
	DECQ         AX
	JNZ          pair
	JOIN(Y0, Y1, Y2, Y3)
	VPADDD       Y14, Y0, Y0
	VPADDD       Y14, Y1, Y1
	VPSRAD       FIXEDBITS, Y0, Y0
	VPSRAD       FIXEDBITS, Y1, Y1
	VPACKUSDW    Y1, Y0, Y0
	VPACKUSWB    Y0, Y0, Y0
	VPERMQ       $0xd8, Y0, Y0
	VMOVDQU      X0, (DX)
	ADDQ         R8, SI
	ADDQ         R14, DX
	DECQ         R10
	JNZ          color
	ADDQ         R13, R9
	ADDQ         $8, BX
	ADDQ         $16, DI
	DECQ         CX
	JNZ          result
	VZEROUPPER
	RET
