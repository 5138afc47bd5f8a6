#include "go_asm.h"
#include "textflag.h"

// In this file AX holds the next bits and BX how many of them count, SI is the next byte to load of R12, and R13 the last from which eight can be
// loaded. R8 is the block, R9 a table, R10 the quantizers, R11 the index of the last coefficient that was read or passed over, R14 that of the
// last that is not zero, R15 the places. CX, DX and DI are for anything. Shifts count modulo 64.

// FILL makes at least 56 bits ready: zeros beyond the data.
#define FILL(filled) \
	CMPQ   SI, R13         \
	JGT    filled          \
	MOVQ   (R12)(SI*1), DX \
	BSWAPQ DX              \
	SHRXQ  BX, DX, DX      \
	ORQ    DX, AX          \
filled:                    \
	MOVL   $63, CX         \
	SUBQ   BX, CX          \
	SARQ   $3, CX          \
	ADDQ   CX, SI          \
	ORQ    $56, BX

// DROP drops as many bits as the lowest byte of count says.
#define DROP(count) \
	SHLXQ count, AX, AX \
	SUBB  count, BX

// LOOK decodes one coefficient whose code and value one look into the table tells. The entry is its own count of bits.
#define LOOK \
	MOVQ    AX, DX                    \
	SHRQ    $(64-const_lookBits), DX  \
	MOVL    table_whole(R9)(DX*4), CX \
	MOVL    CX, DX                    \
	SHRL    $8, DX                    \
	MOVBLZX DX, DX                    \
	ADDQ    R11, DX                   \
	CMPQ    DX, $63                   \
	JAE     out                       \
	MOVQ    DX, R11                   \
	DROP(CX)                          \
	SARL    $16, CX                   \
	IMULL   (R10)(R11*4), CX          \
	MOVBLZX (R15)(R11*1), DX          \
	MOVL    CX, (R8)(DX*4)

// VALUE reads a signed value of the size in DX, 1 to 15, to CX: one whose first bit is not set is that of so many ones less.
#define VALUE \
	MOVL  $64, CX     \
	SUBL  DX, CX      \
	SHRXQ CX, AX, CX  \
	MOVQ  AX, DI      \
	SARQ  $63, DI     \
	NOTQ  DI          \
	BZHIQ DX, DI, DI  \
	SUBL  DI, CX      \
	DROP(DX)

// func wideBlock(r *bits, block *[64]int32, p *plane) (last int)
TEXT ·wideBlock(SB), NOSPLIT, $16-32
	MOVQ    block+8(FP), R8
	VPXOR   Y0, Y0, Y0
	VMOVDQU Y0, (R8)
	VMOVDQU Y0, 32(R8)
	VMOVDQU Y0, 64(R8)
	VMOVDQU Y0, 96(R8)
	VMOVDQU Y0, 128(R8)
	VMOVDQU Y0, 160(R8)
	VMOVDQU Y0, 192(R8)
	VMOVDQU Y0, 224(R8)
	VZEROUPPER
	MOVQ    r+0(FP), DI
	MOVQ    bits_next(DI), AX
	MOVQ    bits_ready(DI), BX
	MOVQ    bits_at(DI), SI
	MOVQ    bits_data(DI), R12
	MOVQ    (bits_data+8)(DI), R13
	SUBQ    $8, R13
	MOVQ    p+16(FP), R11
	MOVQ    plane_quant(R11), R10
	MOVQ    plane_dc(R11), R9
	LEAQ    ·natural(SB), R15
	FILL(first)

	// The first coefficient, which is told by its difference from that of the block before.
	MOVQ    AX, DX
	SHRQ    $(64-const_lookBits), DX
	MOVL    table_whole(R9)(DX*4), CX
	MOVL    CX, DI
	SHRL    $8, DI
	CMPB    DI, $1
	JNE     dcInTwo
	DROP(CX)
	SARL    $16, CX

dc:
	ADDL  plane_last(R11), CX
	MOVL  CX, dc-8(SP)
	IMULL (R10), CX
	MOVL  CX, (R8)
	MOVQ  plane_ac(R11), R9
	XORL  R11, R11
	XORL  R14, R14
	MOVQ  R11, from-16(SP)

fill:
	FILL(filled)
	LOOK
	LOOK
	LOOK
	LOOK
	LOOK
	JMP fill

	// The entry in CX leads to the end of the block or beyond it.
out:
	CMPQ    R11, from-16(SP)
	CMOVQNE R11, R14
	SUBQ    R11, DX
	CMPQ    DX, $const_endOfBlock
	JEQ     end
	CMPQ    DX, $const_unknown
	JEQ     unknown
	ADDQ    R11, DX
	CMPQ    DX, $63
	JNE     fail
	DROP(CX)
	SARL    $16, CX
	IMULL   252(R10), CX
	MOVL    CX, 252(R8)
	MOVL    $63, R14
	JMP     done

end:
	DROP(CX)
	JMP done

	// A code, and then its value.
unknown:
	FILL(more)
	MOVQ    AX, DX
	SHRQ    $(64-const_lookBits), DX
	MOVWLZX table_short(R9)(DX*2), CX
	MOVBLZX CX, DX
	SHRL    $8, CX
	JZ      long

symbol:
	DROP(CX)
	MOVL    DX, CX
	SHRL    $4, CX // zeros before the value
	ANDL    $15, DX
	JZ      zeros
	CMPL    DX, $10
	JHI     fail
	LEAQ    1(R11)(CX*1), R11
	CMPQ    R11, $63
	JHI     fail
	VALUE
	IMULL   (R10)(R11*4), CX
	MOVBLZX (R15)(R11*1), DX
	MOVL    CX, (R8)(DX*4)
	MOVQ    R11, R14
	MOVQ    R11, from-16(SP)
	CMPQ    R11, $63
	JNE     fill
	JMP     done

	// Without a value: sixteen zeros, which may reach beyond the block, or the block's end.
zeros:
	TESTL CX, CX
	JZ    done
	CMPL  CX, $15
	JNE   fail
	ADDQ  $16, R11
	MOVQ  R11, from-16(SP)
	CMPQ  R11, $63
	JCS   fill

done:
	MOVQ r+0(FP), DI
	MOVQ AX, bits_next(DI)
	MOVQ BX, bits_ready(DI)
	MOVQ SI, bits_at(DI)
	MOVQ p+16(FP), DX
	MOVL dc-8(SP), CX
	MOVL CX, plane_last(DX)
	MOVQ R14, last+24(FP)
	RET

	// A code that no look tells.
long:
	MOVQ AX, DI
	SHRQ $48, DI
	MOVL $(const_lookBits+1), CX

search:
	CMPL DI, table_limit(R9)(CX*4)
	JLT  found
	INCL CX
	CMPL CX, $16
	JLE  search
	JMP  fail

found:
	MOVL    $16, DX
	SUBL    CX, DX
	SHRXL   DX, DI, DI
	SUBL    table_offset(R9)(CX*4), DI
	CMPQ    DI, (table_values+8)(R9)
	JCC     fail
	MOVQ    table_values(R9), DX
	MOVBLZX (DX)(DI*1), DX
	JMP     symbol

	// The first coefficient's code, and then its value.
dcInTwo:
	MOVWLZX table_short(R9)(DX*2), CX
	MOVBLZX CX, DX
	SHRL    $8, CX
	JZ      fail // longer codes are rare
	DROP(CX)
	XORL    CX, CX
	CMPL    DX, $11
	JHI     fail
	TESTL   DX, DX
	JZ      dc
	VALUE
	JMP     dc

fail:
	MOVQ $-1, last+24(FP)
	RET
