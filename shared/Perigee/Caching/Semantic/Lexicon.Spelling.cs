namespace Perigee.Caching.Semantic;

/// <summary>Spellings: British for American, frequent misspellings for what was meant.</summary>
internal static partial class Lexicon
{
    /// <summary>Beginnings that the two spellings write differently, British first; the same endings follow.</summary>
    private const string BritishStems =
        "colour=color favour=favor favourite=favorite flavour=flavor honour=honor humour=humor labour=labor neighbour=neighbor behaviour=behavior harbour=harbor rumour=rumor tumour=tumor "
        + "vapour=vapor odour=odor armour=armor saviour=savior endeavour=endeavor centre=center theatre=theater metre=meter litre=liter kilometre=kilometer centimetre=centimeter millimetre=millimeter millilitre=milliliter fibre=fiber "
        + "calibre=caliber sombre=somber analys=analyz paralys=paralyz catalys=catalyz organis=organiz realis=realiz recognis=recogniz optimis=optimiz summaris=summariz customis=customiz normalis=normaliz minimis=minimiz maximis=maximiz "
        + "specialis=specializ categoris=categoriz prioritis=prioritiz utilis=utiliz emphasis=emphasiz apologis=apologiz criticis=criticiz visualis=visualiz serialis=serializ deserialis=deserializ initialis=initializ authoris=authoriz memoris=memoriz "
        + "capitalis=capitaliz generalis=generaliz localis=localiz modernis=moderniz neutralis=neutraliz randomis=randomiz standardis=standardiz stabilis=stabiliz symbolis=symboliz synthesis=synthesiz tokenis=tokeniz sanitis=sanitiz "
        + "travell=travel cancell=cancel labell=label modell=model signall=signal fuell=fuel counsell=counsel defence=defense offence=offense licence=license grey=gray programme=program catalogue=catalog dialogue=dialog "
        + "aluminium=aluminum tyre=tire mould=mold plough=plow jewellery=jewelry pyjamas=pajamas cheque=check kerb=curb sulphur=sulfur sulphate=sulfate manoeuvre=maneuver oestrogen=estrogen paediatric=pediatric anaemia=anemia haemoglobin=hemoglobin "
        + "encyclopaedia=encyclopedia foetus=fetus leukaemia=leukemia diarrhoea=diarrhea oesophagus=esophagus skilful=skillful fulfil=fulfill enrol=enroll instalment=installment ageing=aging artefact=artifact sceptic=skeptic moustache=mustache";

    private const string SharedEndings =
        "|s|e|es|ed|d|ing|er|ers|ation|ations|al|able|ful|less|or|ors|ly|hood|hoods|ite|ites|ist|ists|ian|ized|izing|y|ies|ic|ical";

    /// <summary>Frequent misspellings.</summary>
    private const string Misspellings =
        "teh=the hte=the adn=and taht=that thta=that thsi=this tihs=this waht=what wath=what whta=what hwat=what wht=what whcih=which wich=which whihc=which hwo=how howw=how whne=when wehn=when wher=where wheer=where whre=where "
        + "becuase=because becasue=because beacuse=because becouse=because becaus=because cuz=because coz=because recieve=receive recieved=received recieves=receives acheive=achieve beleive=believe belive=believe freind=friend freinds=friends "
        + "definately=definitely definatly=definitely definitly=definitely seperate=separate seperately=separately seperated=separated occured=occurred occurence=occurrence untill=until begining=beginning "
        + "adress=address adresses=addresses accomodate=accommodate accomodation=accommodation aquire=acquire goverment=government govermnet=government enviroment=environment enviromental=environmental neccessary=necessary necesary=necessary "
        + "necessery=necessary wierd=weird tommorow=tomorrow tommorrow=tomorrow tomorow=tomorrow calender=calendar collegue=colleague commitee=committee concious=conscious embarass=embarrass existance=existence foriegn=foreign fourty=forty grammer=grammar "
        + "gaurd=guard happend=happened harrass=harass immediatly=immediately independant=independent intresting=interesting intrested=interested knowlege=knowledge knowledge=knowledge lenght=length lengh=length heigth=height hieght=height wieght=weight widht=width "
        + "liason=liaison libary=library liberry=library lisence=license maintainance=maintenance maintenence=maintenance millenium=millennium miniscule=minuscule mispell=misspell noticable=noticeable occassion=occasion ocassion=occasion "
        + "parliment=parliament persistant=persistent posession=possession possesion=possession prefered=preferred preceed=precede privelege=privilege priviledge=privilege probaly=probably probly=probably pronounciation=pronunciation publically=publicly "
        + "questionaire=questionnaire realy=really refered=referred reccomend=recommend recomend=recommend recomendation=recommendation relevent=relevant religous=religious remeber=remember rember=remember resistence=resistance restaraunt=restaurant restaurent=restaurant "
        + "resturant=restaurant rythm=rhythm rythym=rhythm sieze=seize sentance=sentence similiar=similar simular=similar speach=speech succesful=successful successfull=successful succesfully=successfully suprise=surprise suprising=surprising tehnology=technology "
        + "techology=technology truely=truly tyrany=tyranny usefull=useful vaccum=vacuum vegatable=vegetable vehical=vehicle visable=visible writting=writing wirte=write wrtie=write writeing=writing explian=explain expalin=explain exaplin=explain "
        + "explane=explain expain=explain discribe=describe decribe=describe descripe=describe diffrence=difference diference=difference differance=difference diffrent=different diferent=different differnt=different beween=between betwen=between bewteen=between betwene=between "
        + "betweeen=between captial=capital capitl=capital caiptal=capital poplation=population popluation=population populaton=population populatoin=population langauge=language languge=language lanuage=language langugae=language progam=program "
        + "programing=programming progamming=programming prgramming=programming fucntion=function funtion=function funciton=function functoin=function functon=function varible=variable variabel=variable retrun=return reutrn=return strng=string stirng=string sring=string "
        + "lsit=list numbr=number nubmer=number countrys=countries contry=country coutry=country conutry=country citys=cities peple=people poeple=people peopel=people pepole=people wrold=world histroy=history hisory=history sceince=science "
        + "scince=science sience=science computr=computer comptuer=computer computor=computer phyisics=physics phsyics=physics chemisty=chemistry mathmatics=mathematics mathamatics=mathematics algoritm=algorithm algorithim=algorithm algorthm=algorithm algorythm=algorithm "
        + "databse=database datbase=database dabase=database javascrpt=javascript javasript=javascript pyhton=python pythn=python pyton=python phyton=python pythno=python exmaple=example exampel=example exapmle=example examle=example "
        + "meaing=meaning meening=meaning mening=meaning sumarize=summarize summerize=summarize sumary=summary summay=summary translte=translate tranlate=translate traslate=translate transalte=translate calulate=calculate calcualte=calculate caculate=calculate "
        + "comparision=comparison compair=compare comapre=compare compre=compare invnet=invent inveted=invented discoverd=discovered temprature=temperature temperture=temperature tempurature=temperature presidnet=president presidant=president prezident=president "
        + "goverment=government buisness=business bussiness=business busines=business buisiness=business compnay=company comapny=company companys=companies managment=management mangement=management develope=develop developement=development enviornment=environment "
        + "experiance=experience expereince=experience importent=important imporant=important improtant=important infomation=information informaton=information informtion=information learnig=learning lerning=learning mashine=machine problm=problem "
        + "probelm=problem porblem=problem proces=process proccess=process reson=reason resaon=reason sytem=system systme=system sysem=system thier=their thre=there tahn=than thna=than wiht=with wtih=with witht=with frmo=from "
        + "jsut=just jus=just konw=know knwo=know kno=know liek=like lke=like mkae=make maek=make amke=make nto=not iz=is doess=does deos=does cna=can acn=can coudl=could cuold=could woudl=would wuold=would shoudl=should "
        + "abut=about abotu=about baout=about aobut=about allways=always alwasy=always alot=lot awya=away bcause=because befor=before beofre=before aftre=after aftr=after "
        + "eveyone=everyone evry=every evrey=every frist=first gerat=great hapen=happen happning=happening heatlh=health helth=health hepl=help hlep=help inital=initial itslef=itself lastest=latest luagnage=language "
        + "mountian=mountain moutain=mountain ocaen=ocean oxigen=oxygen palnet=planet plnet=planet photosythesis=photosynthesis photosynthsis=photosynthesis photosyntesis=photosynthesis photosinthesis=photosynthesis plaese=please pelase=please plase=please pleae=please "
        + "recpie=recipe recipie=recipe receipe=recipe recipee=recipe smae=same sould=should somthing=something someting=something sombody=somebody stoped=stopped tecnology=technology thnaks=thanks thaks=thanks thnks=thanks tounge=tongue tripple=triple "
        + "univeristy=university univercity=university universty=university wriet=write yera=year yuo=you yoru=your hygene=hygiene helo=hello hllo=hello helllo=hello hii=hi heyy=hey srot=sort revrse=reverse reverce=reverse conver=convert convrt=convert ";
}
